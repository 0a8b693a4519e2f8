import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { kernelRoute } from "@p2pd/route";
import { describeWithCoturn, startCoturn } from "@p2pd/testnet/coturn";
import { expect, it } from "vitest";
import { type TurnRouteOptions, turnRoute } from "../src/index.js";

/* The README's examples, run as they stand, against coturn. */

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code);
const RELAY = "127.0.39.1";

describeWithCoturn("README", () => {
	it.each([
		[0, [`peers reach me at ${RELAY}`]],
		[1, ["welcome to the relay"]],
	])("example %i prints what it says", async (index, expected) => {
		await using coturn = await startCoturn({ ip: RELAY });
		const printed: string[] = [];
		const scope = {
			console: { log: (text: string) => printed.push(text) },
			// The example's name of a server is that of ours here.
			turnRoute: (options: TurnRouteOptions) => turnRoute(options, { resolve: async () => [RELAY] }),
			kernelRoute,
			connect,
			once,
			server: { host: RELAY, port: coturn.port },
			credentials: { username: "me", password: "secret" },
			sockets: kernelRoute(4),
		};
		const code = examples[index] ?? "";
		const body = code
			.replace(/^import .*$/gm, "")
			.replace("relay.example:3478", `relay.example:${coturn.port}`);
		const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new (
			...args: string[]
		) => (...args: unknown[]) => Promise<void>;
		await new AsyncFunction(...Object.keys(scope), body)(...Object.values(scope));
		expect(printed).toEqual(expected);
	});

	it("there are no others", () => {
		expect(examples).toHaveLength(2);
	});
});
