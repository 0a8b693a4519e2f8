import { readFileSync } from "node:fs";
import { startSignalBroker } from "@p2pd/signal/broker";
import { expect, it } from "vitest";
import * as node from "../src/index.js";
import { loopbackNetwork } from "./support/network.js";

it("runs the README's example as it stands, on loopback", async () => {
	const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
	const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
	const code = example.replace(/^import .*$/gm, "");
	await using broker = await startSignalBroker({ ip: "127.0.0.1" });
	class P2PNode extends node.P2PNode {
		constructor(options: node.NodeOptions) {
			super({ ...options, port: 0, families: [4] }, { network: loopbackNetwork() });
		}
	}
	const printed: string[] = [];
	const console = { log: (text: unknown) => printed.push(String(text)) };
	const AsyncFunction = (async () => undefined).constructor as new (
		...args: string[]
	) => (...values: unknown[]) => Promise<void>;
	await new AsyncFunction("P2PNode", "broker", "console", code)(P2PNode, broker.url, console);
	expect(printed).toEqual(["lan", expect.stringMatching(/^hello [a-z2-7]{32}, you came by lan$/)]);
});
