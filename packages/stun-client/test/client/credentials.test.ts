import { createHash } from "node:crypto";
import type { DatagramHandler } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import {
	attributeValue,
	checkIntegrity,
	decodeMessage,
	encodeMessage,
	longTermKey,
	type NamedAttribute,
} from "../../src/codec.js";
import { StunClient } from "../../src/index.js";
import { server, world } from "../support/world.js";

const REALM = "example.org";

interface AuthServer {
	readonly password?: string;
	/** The nonces, each good for so many requests; the last for ever. */
	readonly nonces?: readonly { readonly nonce: string; readonly uses: number }[];
	readonly algorithms?: readonly number[];
	readonly signWith?: string | null;
	readonly log: string[];
}

/** A server with long-term credentials for the user "me", after RFC 8489 section 9.2.4. */
function authServer({
	password = "secret",
	nonces = [{ nonce: "n0", uses: 99 }],
	algorithms,
	signWith,
	log,
}: AuthServer): DatagramHandler {
	let used = 0;
	const current = (): string => {
		let left = used;
		for (const { nonce, uses } of nonces) {
			if (left < uses) return nonce;
			left -= uses;
		}
		return nonces.at(-1)?.nonce ?? "";
	};
	return (data, from) => {
		const request = decodeMessage(data);
		const { transactionId } = request;
		const offered = (algorithms ?? []).map((algorithm) => ({ algorithm, parameters: new Uint8Array(0) }));
		const refuse = (status: number): { data: Buffer }[] => {
			log.push(`${status}`);
			const attributes: NamedAttribute[] = [
				{ name: "ERROR-CODE", value: { status, reason: "" } },
				{ name: "REALM", value: REALM },
				{ name: "NONCE", value: current() },
			];
			if (algorithms !== undefined) attributes.push({ name: "PASSWORD-ALGORITHMS", value: offered });
			return [{ data: encodeMessage({ class: "error", transactionId, attributes }) }];
		};
		const hasIntegrity = request.attributes.some(({ name }) => name?.startsWith("MESSAGE-INTEGRITY"));
		if (!hasIntegrity) return refuse(401);
		const chosen = attributeValue(request, "PASSWORD-ALGORITHM")?.algorithm;
		const hash = chosen === 2 ? "sha256" : "md5";
		const user = attributeValue(request, "USERNAME");
		const userhash = attributeValue(request, "USERHASH");
		const expected = createHash("sha256").update(`me:${REALM}`).digest("hex");
		const known =
			user === "me" || (userhash !== undefined && Buffer.from(userhash).toString("hex") === expected);
		const key = longTermKey("me", REALM, password, hash);
		if (!known || checkIntegrity(request, key, algorithms === undefined ? "sha1" : "sha256") !== "valid")
			return refuse(401);
		if (attributeValue(request, "NONCE") !== current()) return refuse(438);
		used++;
		log.push(`ok ${user ?? "hidden"} ${hash} ${attributeValue(request, "NONCE")}`);
		const signKey =
			signWith === undefined ? key : signWith === null ? undefined : longTermKey("me", REALM, signWith);
		return [
			{
				data: encodeMessage({
					class: "success",
					transactionId,
					attributes: [{ name: "XOR-MAPPED-ADDRESS", value: from }],
					...(signKey === undefined
						? {}
						: { integrity: { key: signKey, algorithm: algorithms === undefined ? "sha1" : "sha256" } }),
				}),
			},
		];
	};
}

const run = async (auth: Omit<AuthServer, "log">, requests = 1, password = "secret") => {
	const log: string[] = [];
	const handler = authServer({ ...auth, log });
	const net = world([{ handler: () => handler }]);
	const client = new StunClient(
		{ server: server(0), credentials: { username: "me", password } },
		{ sockets: net.host("client").sockets(4), clock: net.clock, random: net.random.bytes },
	);
	const ips: string[] = [];
	const work = async (): Promise<void> => {
		for (let n = 0; n < requests; n++) ips.push(await client.getWanIp());
	};
	const failure = await net.clock.runUntil(work()).then(
		() => undefined,
		(error: unknown) => error as { code: string; status?: number },
	);
	await net.clock.runUntil(client.close());
	return { log, ips, failure };
};

/** The nonce cookie with the bits for password algorithms and user name anonymity (RFC 8489 section 9.2). */
const NONCE_BOTH = `obMatJos2${Buffer.from([0xc0, 0, 0]).toString("base64")}xyz`;
const NONCE_ALGORITHMS = `obMatJos2${Buffer.from([0x80, 0, 0]).toString("base64")}xyz`;

describe("long-term credentials", () => {
	it("are shown when the server asks, and from then on", async () => {
		const { log, ips } = await run({}, 3);
		expect(ips).toEqual(["82.1.1.9", "82.1.1.9", "82.1.1.9"]);
		expect(log).toEqual(["401", "ok me md5 n0", "ok me md5 n0", "ok me md5 n0"]);
	});

	it("follow a nonce that went stale (438)", async () => {
		const { log } = await run(
			{
				nonces: [
					{ nonce: "n0", uses: 1 },
					{ nonce: "n1", uses: 99 },
				],
			},
			2,
		);
		expect(log).toEqual(["401", "ok me md5 n0", "438", "ok me md5 n1"]);
	});

	it("that are wrong end with 401", async () => {
		const { log, failure } = await run({}, 1, "wrong");
		expect(failure).toMatchObject({ code: "ERR_STUN_RESPONSE", status: 401 });
		expect(log).toEqual(["401", "401"]);
	});

	it("use SHA-256 where the server offers it", async () => {
		const { log } = await run({ algorithms: [2, 1], nonces: [{ nonce: NONCE_ALGORITHMS, uses: 9 }] });
		expect(log).toEqual(["401", `ok me sha256 ${NONCE_ALGORITHMS}`]);
	});

	it("hide the user name where the server can do without", async () => {
		const { log } = await run({ algorithms: [1], nonces: [{ nonce: NONCE_BOTH, uses: 9 }] });
		expect(log).toEqual(["401", `ok hidden md5 ${NONCE_BOTH}`]);
	});

	it("are not given to a server whose better algorithms somebody took away", async () => {
		const { log, failure } = await run({ nonces: [{ nonce: NONCE_ALGORITHMS, uses: 9 }] });
		expect(failure).toMatchObject({ status: 401 });
		expect(log).toEqual(["401"]);
	});

	it("are not given to a server that offers only algorithms that we do not have", async () => {
		const { log, failure } = await run({ algorithms: [77], nonces: [{ nonce: NONCE_ALGORITHMS, uses: 9 }] });
		expect(failure).toMatchObject({ status: 401 });
		expect(log).toEqual(["401"]);
	});

	it.each([
		["not protected", null],
		["protected with another key", "other"],
	])("make an answer that is %s as if it never came", async (_name, signWith) => {
		const { failure, ips } = await run({ signWith });
		expect(ips).toEqual([]);
		expect(failure).toMatchObject({ code: "ERR_STUN_INTEGRITY", server: server(0) });
	});
});
