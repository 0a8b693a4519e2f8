import { SeededRandom } from "@p2pd/testnet";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	createIdentity,
	PeerAddress,
	PeerAddressError,
	type PeerCandidate,
	readAddress,
} from "../src/index.js";

const random = new SeededRandom(3);
const identity = createIdentity((size) => random.bytes(size));

const EXTERNAL: PeerCandidate = {
	kind: "external",
	af: 4,
	ip: "81.2.69.142",
	port: 10_001,
	tcp: true,
	udp: true,
	nic: 0,
	nat: { type: 5, delta: { type: 4, value: -3 } },
	mappedBy: null,
};
const FIELDS = {
	signals: ["mqtts://broker.example"],
	candidates: [{ ...EXTERNAL, kind: "lan" as const, ip: "192.168.1.20", nat: null }, EXTERNAL],
	sequence: 1_700_000_000,
	expires: 1_700_086_400,
};

const candidates = fc.record({
	kind: fc.constantFrom("lan" as const, "external" as const, "mapped" as const, "relay" as const),
	ip: fc.oneof(fc.ipV4(), fc.constantFrom("2a02:8010::1", "fd00::1", "::1")),
	port: fc.integer({ min: 1, max: 65_535 }),
	tcp: fc.boolean(),
	udp: fc.boolean(),
	nic: fc.integer({ min: 0, max: 15 }),
	nat: fc.option(
		fc.record({
			type: fc.constantFrom(
				1 as const,
				2 as const,
				3 as const,
				4 as const,
				5 as const,
				6 as const,
				7 as const,
			),
			delta: fc.record({
				type: fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const, 5 as const, 6 as const),
				value: fc.integer({ min: -65_535, max: 65_535 }),
			}),
		}),
	),
	mappedBy: fc.constantFrom(null, "pcp" as const, "nat-pmp" as const, "upnp" as const),
});

function problemOf(text: string): string {
	try {
		PeerAddress.parse(text);
		return "none";
	} catch (error) {
		if (error instanceof PeerAddressError) return error.code;
		throw error;
	}
}

describe("a peer address", () => {
	it("is one short line that mail and shells leave alone, and says all again", () => {
		const address = PeerAddress.sign(identity, FIELDS);
		const text = address.toString();
		expect(text).toMatch(/^p2pd1[A-Za-z0-9_-]+$/);
		expect(text.length).toBeLessThan(260);
		const read = PeerAddress.parse(` ${text}\n`);
		expect(read).toMatchObject({ ...FIELDS, id: identity.id, signed: true });
		expect(Buffer.from(read.agreement)).toEqual(identity.agreement);
		expect(read.isExpired(1_700_086_400_000)).toBe(true);
		expect(read.isExpired(1_700_086_399_999)).toBe(false);
	});

	it("comes back from its text, whatever is in it", () => {
		fc.assert(
			fc.property(fc.array(candidates, { maxLength: 32 }), fc.nat(2 ** 32 - 1), (list, sequence) => {
				const fields = {
					...FIELDS,
					sequence,
					candidates: list.map((one) => ({ ...one, af: one.ip.includes(":") ? (6 as const) : (4 as const) })),
				};
				expect(PeerAddress.parse(`${PeerAddress.sign(identity, fields)}`)).toMatchObject(fields);
			}),
			{ numRuns: 50 },
		);
	});

	it("is refused after any change of one character", () => {
		const text = PeerAddress.sign(identity, FIELDS).toString();
		const codes = new Set<string>();
		for (let at = 5; at < text.length; at++) {
			const other = text[at] === "A" ? "B" : "A";
			codes.add(problemOf(`${text.slice(0, at)}${other}${text.slice(at + 1)}`));
		}
		expect(codes.has("none")).toBe(false);
		expect(codes.has("ERR_PEER_ADDRESS_SIGNATURE")).toBe(true);
	});

	it("is refused with the code of what is wrong", () => {
		const text = PeerAddress.sign(identity, FIELDS).toString();
		const data = Buffer.from(text.slice(5), "base64url");
		const encoded = (bytes: Buffer): string => `p2pd1${bytes.toString("base64url")}`;
		expect(problemOf("hello")).toBe("ERR_PEER_ADDRESS_PREFIX");
		expect(problemOf(`p2pd9${text.slice(5)}`)).toBe("ERR_PEER_ADDRESS_VERSION");
		expect(problemOf(`${text}!`)).toBe("ERR_PEER_ADDRESS_ENCODING");
		expect(problemOf(`p2pd1${"A".repeat(4000)}`)).toBe("ERR_PEER_ADDRESS_LENGTH");
		expect(problemOf(encoded(data.subarray(0, -3)))).toBe("ERR_PEER_ADDRESS_TRUNCATED");
		expect(problemOf(encoded(Buffer.concat([data, Buffer.alloc(3)])))).toBe("ERR_PEER_ADDRESS_TRAILING");
		const signals = Buffer.from(data);
		signals[72] = 200;
		expect(problemOf(encoded(signals))).toBe("ERR_PEER_ADDRESS_VALUE");
		expect(problemOf("0,2-[1,0,8.8.8.8,192.168.21.3,10001,1,2,1]-0-93e9d6f7e7791ea06544557a2-c88e")).toBe(
			"ERR_PEER_ADDRESS_UNSIGNED",
		);
	});

	it("never throws anything else, whatever it is given", () => {
		fc.assert(
			fc.property(
				fc.oneof(
					fc.string(),
					fc
						.uint8Array({ maxLength: 400 })
						.map((bytes) => `p2pd1${Buffer.from(bytes).toString("base64url")}`),
				),
				(text) => {
					expect(problemOf(text)).not.toBe("none");
				},
			),
			{ numRuns: 300 },
		);
	});

	it.each([
		["a password in a signal URL", { signals: ["mqtt://me:secret@broker.example"] }],
		["another scheme", { signals: ["http://broker.example"] }],
		["a zone", { candidates: [{ ...EXTERNAL, af: 6 as const, ip: "fe80::1%eth0" }] }],
		["a family that is not the address's", { candidates: [{ ...EXTERNAL, af: 6 as const }] }],
		["too many candidates", { candidates: Array.from({ length: 33 }, () => EXTERNAL) }],
	])("cannot hold %s", (_name, fields) => {
		expect(() => PeerAddress.sign(identity, { ...FIELDS, ...fields })).toThrow(
			expect.objectContaining({ code: "ERR_PEER_ARGUMENT" }),
		);
	});
});

describe("P2PD's own address text", () => {
	it("is read, marked as unsigned, with several entries and a negative delta", () => {
		const text =
			"0,2,3,1-[1,0,8.8.8.8,192.168.21.3,10001,1,2,1]|[1,1,8.8.4.4,10.0.0.2,10002,6,4,-5]-[1,0,2a02:8010::1,2a02:8010::1,10001,1,1,0]-93e9d6f7e7791ea06544557a2-c88e78ba";
		const address = readAddress(text);
		expect(address).toMatchObject({
			signed: false,
			signals: [0, 2, 3, 1],
			nodeId: "93e9d6f7e7791ea06544557a2",
			machineId: "c88e78ba",
		});
		expect(address.candidates.map(({ af }) => af)).toEqual([4, 4, 6]);
		expect(address.candidates[1]).toMatchObject({
			port: 10_002,
			nat: { type: 6, delta: { type: 4, value: -5 } },
		});
	});

	it.each(["None-0-0-93e9d6f7e7791ea06544557a2-c88e", "0-0-0-93e9d6f7e7791ea06544557a2-c88e"])(
		"is read without candidates: %s",
		(text) => {
			expect(readAddress(text).candidates).toEqual([]);
		},
	);

	it("is refused with an impossible value", () => {
		const text = "0-[1,0,8.8.8.8,192.168.21.3,99999,1,2,1]-0-93e9d6f7e7791ea06544557a2-c88e";
		expect(() => readAddress(text)).toThrow(expect.objectContaining({ code: "ERR_PEER_ADDRESS_VALUE" }));
	});
});
