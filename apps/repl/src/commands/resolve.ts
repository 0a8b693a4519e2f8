import type { Run } from "../context.js";
import { CommandError, EXIT } from "../errors.js";
import { table } from "../output/text.js";
import { resolveTarget } from "./common.js";

/** `p2pd resolve TARGET`: the addresses of a host, in the order in which they would be tried. */
export const run: Run = async (context, [target = ""], own) => {
	const { out, options } = context;
	const servers = own["dns"] as readonly string[] | undefined;
	const address = await resolveTarget(context, target, 0, servers);
	const endpoints = address.endpoints(options.family);
	if (options.json) {
		out.json({ schema: "p2pd-resolve", version: 1, host: address.host, port: address.port, endpoints });
	} else if (endpoints.length > 0) {
		const rows = endpoints.map((endpoint) => [`IPv${endpoint.af}`, endpoint.ip, reach(endpoint)]);
		out.result(table(["FAMILY", "ADDRESS", "REACH"], rows, out.columns));
	}
	if (endpoints.length === 0) throw new CommandError(`${address.host} has no IPv${options.family} address`);
	return EXIT.ok;
};

function reach({
	isLoopback,
	isPrivate,
	isPublic,
}: Record<"isLoopback" | "isPrivate" | "isPublic", boolean>): string {
	if (isLoopback) return "loopback";
	if (isPrivate) return "private";
	return isPublic ? "public" : "special";
}
