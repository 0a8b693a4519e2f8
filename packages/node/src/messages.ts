import { is, objectProblem } from "@p2pd/net";
import type { PipeProtocol } from "@p2pd/pipe";

/*
 * What nodes write to each other's inboxes, as JSON inside sealed messages:
 *
 *   knock    dialer -> answerer   wants to connect: its share of the key, its address
 *   answer   answerer -> dialer   its share of the key, its address as it is now
 *   refuse   answerer -> dialer   will not connect, and why
 *   channel  both                 what the strategies of both sides tell each other
 *   bye      dialer -> answerer   the attempt is over
 *   time     answerer -> dialer   one of the clocks is wrong: the answerer's time
 */
export type NodeMessage =
	| {
			readonly type: "knock";
			readonly attempt: string;
			readonly share: Buffer;
			readonly transport: PipeProtocol;
			readonly address: string;
	  }
	| { readonly type: "answer"; readonly attempt: string; readonly share: Buffer; readonly address: string }
	| { readonly type: "refuse"; readonly attempt: string; readonly why: RefusalReason }
	| { readonly type: "channel"; readonly attempt: string; readonly name: string; readonly data: Buffer }
	| { readonly type: "bye"; readonly attempt: string }
	| { readonly type: "time"; readonly attempt: string; readonly now: number };

/** Why a node does not want to connect: its filter says no, or it is busy. */
export type RefusalReason = "denied" | "busy";

/** The longest data of a channel message in bytes. */
const MAX_CHANNEL_BYTES = 1024;
const MAX_ADDRESS_TEXT = 2800;

const hex = is.a("an attempt id", (value) => typeof value === "string" && /^[0-9a-f]{32}$/.test(value));
const base64url = (min: number, max: number) =>
	is.a(
		"base64url",
		(value) =>
			typeof value === "string" &&
			/^[\w-]*$/.test(value) &&
			inRange(Buffer.byteLength(value, "base64url"), min, max),
	);
const address = is.a("an address", (value) => typeof value === "string" && value.length <= MAX_ADDRESS_TEXT);

const SHAPES = {
	knock: { t: is.text, a: hex, s: base64url(32, 32), p: is.oneOf("tcp", "udp"), addr: address },
	answer: { t: is.text, a: hex, s: base64url(32, 32), addr: address },
	refuse: { t: is.text, a: hex, why: is.oneOf("denied", "busy") },
	channel: {
		t: is.text,
		a: hex,
		n: is.a("a name", (value) => typeof value === "string" && /^[a-z0-9:-]{1,32}$/.test(value)),
		d: base64url(0, MAX_CHANNEL_BYTES),
	},
	bye: { t: is.text, a: hex },
	time: { t: is.text, a: hex, now: is.whole(0, 2 ** 48) },
} as const;

interface Wire {
	readonly a: string;
	readonly s: string;
	readonly p: PipeProtocol;
	readonly addr: string;
	readonly why: RefusalReason;
	readonly n: string;
	readonly d: string;
	readonly now: number;
}

/** Encodes a message as the body of a sealed one. */
export function encodeMessage(message: NodeMessage): Buffer {
	const { type: t, attempt: a } = message;
	const text = (data: Buffer): string => data.toString("base64url");
	switch (message.type) {
		case "knock":
			return json({ t, a, s: text(message.share), p: message.transport, addr: message.address });
		case "answer":
			return json({ t, a, s: text(message.share), addr: message.address });
		case "refuse":
			return json({ t, a, why: message.why });
		case "channel":
			return json({ t, a, n: message.name, d: text(message.data) });
		case "bye":
			return json({ t, a });
		case "time":
			return json({ t, a, now: message.now });
	}
}

/** Reads the body of a sealed message; null if it is not one of these. */
export function decodeMessage(body: Uint8Array): NodeMessage | null {
	let value: unknown;
	try {
		value = JSON.parse(Buffer.from(body).toString("utf8"));
	} catch {
		return null;
	}
	const type = (value as { t?: unknown } | null)?.t;
	if (typeof type !== "string" || !isType(type)) return null;
	if (objectProblem(value, "message", SHAPES[type], { required: Object.keys(SHAPES[type]) }) !== null)
		return null;
	const { a: attempt, addr, d, n: name, now, p: transport, s, why } = value as Wire;
	switch (type) {
		case "knock":
			return { type, attempt, share: Buffer.from(s, "base64url"), transport, address: addr };
		case "answer":
			return { type, attempt, share: Buffer.from(s, "base64url"), address: addr };
		case "refuse":
			return { type, attempt, why };
		case "channel":
			return { type, attempt, name, data: Buffer.from(d, "base64url") };
		case "bye":
			return { type, attempt };
		case "time":
			return { type, attempt, now };
	}
}

function isType(type: string): type is NodeMessage["type"] {
	return Object.hasOwn(SHAPES, type);
}

function json(value: unknown): Buffer {
	return Buffer.from(JSON.stringify(value));
}

function inRange(value: number, min: number, max: number): boolean {
	return value >= min && value <= max;
}
