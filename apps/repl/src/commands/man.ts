import type { Run } from "../context.js";
import { EXIT } from "../errors.js";
import { manualPage } from "../manual.js";

/** `p2pd man`: the manual page, as roff for man(1). */
export const run: Run = async ({ out, commandLine }) => {
	out.result(manualPage(commandLine()));
	return EXIT.ok;
};
