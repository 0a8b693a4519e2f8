import { kernelRoute } from "@p2pd/route";
import { SeededRandom } from "@p2pd/testnet";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
	delimited,
	lengthPrefixed,
	lines,
	type Pipe,
	pipeOpen,
	TCP,
	tryPipeOpen,
	UDP,
} from "../../src/index.js";
import { Pipes } from "../support/pair.js";

/*
 * Every public entry point with one argument, or one option, replaced by something else: it works, or fails with a
 * coded error, sends nothing where it fails, and leaves nothing open. 100,000 calls with P2PD_LONG=1, a fiftieth of
 * them by default. The seed is printed with a failure.
 */

const CALLS = process.env["P2PD_LONG"] === "1" ? 100_000 : 2000;
const SEED = Number(process.env["P2PD_SEED"] ?? 1);

const pipes = new Pipes();
let server: Pipe;
let datagrams: Pipe;
let client: Pipe;
let there: Pipe;
let talker: Pipe;
let other: Pipe;

beforeAll(async () => {
	server = await pipes.server(TCP, { recvTimeout: 1 });
	datagrams = await pipes.server(UDP, { recvTimeout: 1 });
	client = await pipes.client(server, { recvTimeout: 1 });
	there = (await server.accept()) as Pipe;
	talker = await pipes.client(datagrams, { recvTimeout: 1 });
	other = await pipes.client(server, { recvTimeout: 1 });
	await server.accept();
});
afterAll(() => pipes.close());

const VALUES: readonly unknown[] = [
	undefined,
	null,
	true,
	false,
	0,
	-0,
	-1,
	1.5,
	Number.NaN,
	Number.POSITIVE_INFINITY,
	Number.NEGATIVE_INFINITY,
	2 ** 31,
	2 ** 53,
	65_536,
	10n,
	"",
	"x",
	"3000",
	"127.0.0.1",
	"\u001b]0;x\u0007",
	"x".repeat(100_000),
	Symbol("x"),
	() => 1,
	[],
	[1],
	[null, null],
	["127.0.0.1"],
	["127.0.0.1", 0],
	["127.0.0.1", "80"],
	["name.example", 80],
	{},
	{ a: 1 },
	{ timeout: "3000" },
	{ fd: -1 },
	{ fd: "3" },
	{ fd: 1e9 },
	{ ip: 5, port: 80 },
	{ ip: "127.0.0.1" },
	{ host: "x", port: 80, endpoints: 5 },
	{ host: "x", port: 80, endpoints: () => [{}] },
	{ test: 5 },
	{ bind: () => null },
	{ udp: 1, connect: 2, listen: 3, af: 4 },
	{ signal: {} },
	Object.create(null),
	/x/,
	new Date(0),
	new Map(),
	new Error("x"),
	Buffer.alloc(0),
	Buffer.from("abc"),
	new Float64Array(2),
	new ArrayBuffer(2),
	new AbortController(),
];

type Arguments = readonly unknown[];

/** One entry point: right arguments, and the call. */
interface Entry {
	readonly name: string;
	readonly right: () => Arguments;
	readonly call: (...args: never[]) => unknown;
	/** The pipe that must not have sent anything when the call failed. */
	readonly sender?: () => Pipe;
}

const method = (name: keyof Pipe, pipe: () => Pipe, right: () => Arguments): Entry => ({
	name: String(name),
	right,
	call: (...args: unknown[]) => (pipe()[name] as (...given: unknown[]) => unknown)(...args),
	sender: pipe,
});

const handler = (): undefined => undefined;
const OPEN_OPTIONS = {
	af: 4,
	localPort: 0,
	socket: undefined,
	connectTimeout: 50,
	recvTimeout: 50,
	dnsTimeout: 50,
	tlsTimeout: 50,
	attemptDelay: 5,
	linger: 0,
	lingerSeconds: undefined,
	queueMessages: 5,
	queueBytes: 500,
	sendBytes: 500,
	pauseBytes: 500,
	relayBytes: 500,
	patternBytes: 500,
	patternSlow: 50,
	dedupe: false,
	reuse: false,
	keepAlive: false,
	noDelay: true,
	halfOpen: false,
	backlog: 5,
	acceptQueue: 5,
	maxConnections: 5,
	framing: undefined,
	tls: false,
	onMessage: handler,
	onConnect: handler,
	onEnd: handler,
	onError: handler,
	signal: undefined,
} as const;
const { af, localPort, recvTimeout, queueBytes, reuse, signal } = OPEN_OPTIONS;
const UDP_OPTIONS = {
	af,
	localPort,
	recvTimeout,
	queueBytes,
	reuse,
	signal,
	broadcast: false,
	anySource: true,
};

const ENTRIES: readonly Entry[] = [
	{
		name: "pipeOpen, a server",
		right: () => [kernelRoute(4), TCP, null, OPEN_OPTIONS, {}],
		call: pipeOpen,
	},
	{
		name: "pipeOpen, a UDP server",
		right: () => [null, UDP, null, UDP_OPTIONS, { kernel: kernelRoute }],
		call: pipeOpen,
	},
	{
		name: "pipeOpen, a UDP client",
		right: () => [null, UDP, ["127.0.0.1", datagrams.local[1]], UDP_OPTIONS, {}],
		call: pipeOpen,
	},
	{
		name: "pipeOpen, TLS options",
		right: () => [
			null,
			TCP,
			null,
			{
				tls: { name: "x", ca: "x", cert: "x", key: "x", alpn: ["x"], insecure: true, minVersion: "TLSv1.3" },
			},
			{},
		],
		call: pipeOpen,
	},
	{ name: "tryPipeOpen", right: () => [null, TCP, null, OPEN_OPTIONS, {}], call: tryPipeOpen },
	{ name: "lines", right: () => [{ maxBytes: 5, send: true }], call: lines },
	{ name: "delimited", right: () => ["\n", { maxBytes: 5, send: true }], call: delimited },
	{
		name: "lengthPrefixed",
		right: () => [{ bytes: 2, littleEndian: true, maxBytes: 5 }],
		call: lengthPrefixed,
	},
	method(
		"onMessage",
		() => there,
		() => [handler],
	),
	method(
		"offMessage",
		() => there,
		() => [handler],
	),
	method(
		"onConnect",
		() => there,
		() => [handler],
	),
	method(
		"offConnect",
		() => there,
		() => [handler],
	),
	method(
		"onEnd",
		() => there,
		() => [handler],
	),
	method(
		"offEnd",
		() => there,
		() => [handler],
	),
	method(
		"onError",
		() => there,
		() => [handler],
	),
	method(
		"offError",
		() => there,
		() => [handler],
	),
	method(
		"subscribe",
		() => there,
		() => [[/x/, ["127.0.0.1", 80]], handler, { policy: "wait", queueMessages: 5, queueBytes: 5, name: "x" }],
	),
	method(
		"subscribe",
		() => datagrams,
		() => [null, null, { policy: "error" }],
	),
	method(
		"subscribe",
		() => server,
		() => [],
	),
	method(
		"unsubscribe",
		() => there,
		() => [[/x/, ["127.0.0.1", 80]]],
	),
	method(
		"recv",
		() => there,
		() => [{ sub: /x/, timeout: 1, full: true, signal: undefined }],
	),
	method(
		"recv",
		() => server,
		() => [{}],
	),
	method(
		"messages",
		() => there,
		() => [/x/, { full: true, signal: undefined }],
	),
	method(
		"send",
		() => client,
		() => [new Uint8Array(0), undefined, { signal: undefined }],
	),
	method(
		"send",
		() => talker,
		() => [5, ["127.0.0.1", 0], { signal: undefined }],
	),
	method(
		"send",
		() => datagrams,
		() => [{}, talker.local, {}],
	),
	method(
		"send",
		() => server,
		() => ["x"],
	),
	method(
		"end",
		() => datagrams,
		() => [],
	),
	method(
		"addPipe",
		() => datagrams,
		() => [other, { to: undefined }],
	),
	method(
		"delPipe",
		() => datagrams,
		() => [other],
	),
	method(
		"accept",
		() => server,
		() => [{ timeout: 1, signal: undefined }],
	),
	method(
		"accept",
		() => client,
		() => [{}],
	),
	method(
		"accepted",
		() => server,
		() => [{ signal: undefined }],
	),
	{
		name: "close",
		right: () => [{ linger: 0 }],
		call: (async (...args: [object]) => {
			const pipe = await pipeOpen(null, UDP);
			return pipe.close(...args).finally(() => pipe.close());
		}) as Entry["call"],
	},
];

/** The arguments with one of them, or one field of one of them, replaced. */
function mutated(args: Arguments, random: SeededRandom): { readonly args: Arguments; readonly what: string } {
	const at = random.int(0, Math.max(1, args.length) - 1);
	const value = VALUES[random.int(0, VALUES.length - 1)];
	const old = args[at];
	const isOptions =
		typeof old === "object" && old !== null && Object.getPrototypeOf(old) === Object.prototype;
	if (!isOptions || random.int(0, 4 - 1) === 0) {
		return { args: args.map((arg, index) => (index === at ? value : arg)), what: `argument ${at}` };
	}
	const fields = [...Object.keys(old), "unknown"];
	const field = fields[random.int(0, fields.length - 1)] as string;
	const nested = (old as Record<string, unknown>)[field];
	const changed =
		typeof nested === "object" && nested !== null && Object.getPrototypeOf(nested) === Object.prototype
			? { ...nested, [Object.keys(nested)[random.int(0, Object.keys(nested).length - 1)] as string]: value }
			: value;
	return {
		args: args.map((arg, index) => (index === at ? { ...old, [field]: changed } : arg)),
		what: `argument ${at}.${field}`,
	};
}

const isPipe = (value: unknown): value is Pipe => Object.prototype.toString.call(value) === "[object Pipe]";

/** The outcome, or null if it takes longer than 20 ms. */
async function withinMoments(promise: Promise<unknown>): Promise<{ readonly value: unknown } | null> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<null>((resolve) => {
		timer = setTimeout(resolve, 20, null);
	});
	try {
		return await Promise.race([promise.then((value) => ({ value })), late]);
	} finally {
		clearTimeout(timer);
	}
}

/** Undoes what a call that worked has begun. */
async function undo(result: unknown): Promise<void> {
	if (isPipe(result) && ![server, datagrams, client, there, talker, other].includes(result))
		await result.reset();
	if (typeof result === "object" && result !== null && "return" in result) {
		await (result as AsyncGenerator).return(undefined);
	}
	for (const relayed of [other]) datagrams.delPipe(relayed);
	for (const pipe of [there, datagrams]) {
		for (const sub of [...VALUES, [/x/, ["127.0.0.1", 80]]] as const) {
			try {
				pipe.unsubscribe(sub as null);
			} catch {
				// Most of the values are no keys.
			}
		}
	}
}

test(`${CALLS} calls with wrong arguments fail with codes, or work`, { timeout: 600_000 }, async () => {
	const random = new SeededRandom(SEED);
	const uncoded: string[] = [];
	const pending: Promise<unknown>[] = [];
	for (let n = 0; n < CALLS; n++) {
		const entry = ENTRIES[random.int(0, ENTRIES.length - 1)] as Entry;
		const { args, what } = mutated(entry.right(), random);
		const before = entry.sender?.().stats.messagesOut ?? 0;
		try {
			const result: unknown = entry.call(...(args as never[]));
			const settled = Promise.resolve(result);
			// Some right calls wait for something that does not come.
			const done = await withinMoments(settled);
			if (done === null) pending.push(settled.catch(() => undefined));
			await undo(done?.value);
		} catch (error) {
			const { code } = error as { readonly code?: unknown };
			if (typeof code !== "string" || !code.startsWith("ERR_PIPE")) {
				uncoded.push(`seed ${SEED}, call ${n}, ${entry.name}, ${what}: ${String(error)}`);
			}
			if ((entry.sender?.().stats.messagesOut ?? 0) !== before) uncoded.push(`${entry.name}, ${what}: sent`);
		}
	}
	expect(uncoded.slice(0, 20)).toEqual([]);
	for (const pipe of [there, server, datagrams]) pipe.offMessage(handler);
	await pipes.close();
	await Promise.all(pending);
});
