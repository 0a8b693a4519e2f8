import { inspect } from "node:util";
import { kernelRoute } from "@p2pd/route";
import { afterEach, describe, expect, it } from "vitest";
import {
	type Pipe,
	type PipeFraming,
	type PipeOptions,
	type PipeRoute,
	pipeOpen,
	TCP,
	UDP,
} from "../../src/index.js";
import { Pipes } from "../support/pair.js";

const pipes = new Pipes();
afterEach(() => pipes.close());

/** A value of the wrong type, as a caller without TypeScript can give it. */
const wrong = <T>(value: unknown): T => value as T;

describe("a wrong value is refused where it is given", () => {
	it.each([5, {}, null, new ArrayBuffer(2)])("send(%o), and the pipe goes on", async (value) => {
		const [client, there] = await pipes.pair();
		there.subscribe();
		await expect(client.send(wrong(value))).rejects.toMatchObject({
			code: "ERR_PIPE_OPTION",
			option: "data",
		});
		await client.send("x");
		expect(String(await there.recv())).toBe("x");
		expect(client.stats.bytesOut).toBe(1);
	});

	it("send to a UDP pipe, which closes all the same", async () => {
		const pipe = await pipeOpen(kernelRoute(4), UDP, "127.0.0.1:9");
		await expect(pipe.send(wrong(5))).rejects.toMatchObject({ code: "ERR_PIPE_OPTION" });
		await pipe.close();
		expect(pipe.state).toBe("closed");
	});

	it.each<[string, PipeOptions]>([
		["framing", { framing: wrong<PipeFraming>("lines") }],
		["framing", { framing: wrong<PipeFraming>({ decoder: () => null }) }],
		["onMessage", { onMessage: wrong(5) }],
		["onEnd", { onEnd: wrong("x") }],
		["options", wrong(null)],
	])("pipeOpen with a wrong %s opens nothing", async (option, options) => {
		await expect(pipeOpen(kernelRoute(4), TCP, "127.0.0.1:9", options)).rejects.toMatchObject({
			code: "ERR_PIPE_OPTION",
			option,
		});
	});

	it.each(["lo", 5])("a route that is %o", async (route) => {
		await expect(pipeOpen(wrong<PipeRoute>(route), TCP, "127.0.0.1:9")).rejects.toMatchObject({
			option: "route",
		});
	});

	it("subscribe, callbacks and relays", async () => {
		const [client] = await pipes.pair();
		const code = "ERR_PIPE_OPTION";
		const refused = (call: () => unknown, option: string): void =>
			expect(call).toThrow(expect.objectContaining({ code, option }));
		refused(() => client.subscribe(/q/, null, { policy: wrong("zzz") }), "policy");
		refused(() => client.subscribe(/q/, null, { queueMessages: -1 }), "queueMessages");
		refused(() => client.subscribe(/q/, null, { queueBytes: Number.NaN }), "queueBytes");
		refused(() => client.subscribe(/q/, wrong("notfn")), "handler");
		refused(() => client.onMessage(wrong(5)), "callback");
		refused(() => client.addPipe(wrong<Pipe>(null)), "target");
		expect(client.subscriptions).toEqual([]);
	});
});

it("inspect says what a pipe is", async () => {
	const [client] = await pipes.pair();
	expect(inspect(client)).toMatch(/^Pipe \{ tcp client open 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+ \}$/);
});
