import { writeFile } from "node:fs/promises";
import type { Interface } from "@p2pd/core";
import type { Context, Run } from "../context.js";
import { CommandError, errorLine } from "../errors.js";
import { diagramRows, diagramSvg, diagramText } from "../output/diagram.js";
import { factLines, interfaceFacts, shownFamilies } from "../output/interface-text.js";
import { exitCodeOf, startedInterface, whenNetworkChanges } from "./common.js";

/** What `show` draws beside the facts. */
interface ShowOptions {
	readonly diagram?: true;
	readonly svg?: string;
	readonly watch?: true;
}

/** `p2pd show [nic]`: a NIC's addresses, external addresses, NAT and routes. */
export const run: Run = async (context, [name], own) => {
	const { options } = context;
	const nic = await startedInterface(context, { name, nat: options.nat });
	try {
		await show(context, nic, own as ShowOptions);
		if (own["watch"] !== true) return exitCodeOf(nic);
		return await whenNetworkChanges(context, nic, { nat: options.nat }, () =>
			show(context, nic, own as ShowOptions),
		);
	} finally {
		nic.close();
	}
};

async function show({ out, options }: Context, nic: Interface, own: ShowOptions): Promise<void> {
	if (own.svg !== undefined) {
		const picture = diagramSvg(diagramRows(nic, shownFamilies(nic, options.family)));
		if (own.svg === "-") out.result(picture.trimEnd());
		else await save(own.svg, picture);
		if (own.svg === "-") return;
	}
	if (options.json) out.json({ schema: "p2pd-show", version: 1, ...nic.toJSON() });
	else if (own.diagram === true) {
		out.result(diagramText(diagramRows(nic, shownFamilies(nic, options.family)), out.columns));
	} else out.result(factLines(interfaceFacts(nic, options.family), out.colours, out.columns));
}

async function save(file: string, text: string): Promise<void> {
	try {
		await writeFile(file, text);
	} catch (error) {
		throw new CommandError(`the picture could not be written: ${errorLine(error)}`, { cause: error });
	}
}
