import type { HostPort } from "../../../src/index.js";
import { Asker } from "./asker.js";
import { realSockets } from "./real-sockets.js";

/** One question to each endpoint, from one socket or from one each: who was seen, for each that answered. */
export async function run(input: { endpoints: HostPort[]; sockets: "one" | "each"; localPort?: number }) {
	const [home] = input.endpoints as [HostPort];
	const sockets = realSockets("0.0.0.0");
	if (input.sockets === "each") {
		const seen: HostPort[] = [];
		for (const endpoint of input.endpoints) {
			const asker = await Asker.open(sockets, endpoint, input.localPort);
			seen.push(await asker.seenBy(endpoint));
			asker.close();
		}
		return seen;
	}
	const asker = await Asker.open(sockets, home, input.localPort);
	const ids = input.endpoints.map((endpoint) => asker.send(endpoint));
	await asker.settle();
	const seen = ids.map((id) => asker.answer(id)?.seen ?? null);
	asker.close();
	return seen;
}
