import type { Run } from "../context.js";
import { factLines, interfaceFacts } from "../output/interface-text.js";
import { exitCodeOf, startedInterface } from "./common.js";

/** `p2pd show [nic]`: a NIC's addresses, external addresses, NAT and routes. */
export const run: Run = async (context, [name]) => {
	const { out, options } = context;
	const nic = await startedInterface(context, { name, nat: options.nat });
	try {
		if (options.json) out.json({ schema: "p2pd-show", version: 1, ...nic.toJSON() });
		else out.result(factLines(interfaceFacts(nic, options.family), out.colours, out.columns));
		return exitCodeOf(nic);
	} finally {
		nic.close();
	}
};
