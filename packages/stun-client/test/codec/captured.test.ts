import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
	attributeValue,
	decodeMessage,
	encodeMessage,
	mappedAddressOf,
	otherAddressOf,
	responseOriginOf,
	type StunMessage,
} from "../../src/codec.js";

interface Captured {
	readonly stack: string;
	readonly what: string;
	readonly hex: string;
}

const PACKETS: readonly Captured[] = JSON.parse(
	readFileSync(new URL("../fixtures/captured.json", import.meta.url), "utf8"),
);

const packet = (stack: string, what: string): StunMessage => {
	const found = PACKETS.find((each) => each.stack === stack && each.what === what);
	return decodeMessage(Buffer.from(found?.hex ?? "", "hex"));
};

const summary = (message: StunMessage) => ({
	class: message.class,
	classic: message.classic,
	mapped: text(mappedAddressOf(message)),
	other: text(otherAddressOf(message)),
	origin: text(responseOriginOf(message)),
	software: attributeValue(message, "SOFTWARE"),
	unknown: message.unknownRequired,
});

const text = (address: { ip: string; port: number } | undefined): string | undefined =>
	address === undefined ? undefined : `${address.ip} ${address.port}`;

const COTURN = "coturn 4.6.1";
const COTURN_NAME = "Coturn-4.6.1 'Gorst'";

/** Packets that other programs sent on loopback, to a client on port 40123. */
describe("packets of other stacks", () => {
	it("coturn answers RFC 8489", () => {
		expect(summary(packet(COTURN, "answer to an RFC 8489 request over IPv4"))).toEqual({
			class: "success",
			classic: false,
			mapped: "127.0.0.1 40123",
			other: "127.0.0.22 3479",
			origin: "127.0.0.21 3478",
			software: COTURN_NAME,
			unknown: [],
		});
	});

	it("coturn answers RFC 8489 over IPv6", () => {
		expect(summary(packet(COTURN, "answer over IPv6"))).toMatchObject({
			mapped: "::1 40123",
			other: "::1 3479",
			origin: "::1 3478",
		});
	});

	it("coturn answers RFC 3489", () => {
		const message = packet(COTURN, "answer to an RFC 3489 request");
		expect(summary(message)).toMatchObject({
			classic: true,
			mapped: "127.0.0.1 40123",
			other: "127.0.0.22 3479",
		});
		expect(message.transactionId).toHaveLength(16);
	});

	it("coturn refuses an attribute", () => {
		const message = packet(COTURN, "420 to an unknown attribute 0x7abc");
		expect(message.class).toBe("error");
		expect(attributeValue(message, "ERROR-CODE")).toEqual({ status: 420, reason: "Unknown Attribute" });
		expect(attributeValue(message, "UNKNOWN-ATTRIBUTES")).toEqual([0x7abc]);
	});

	it("attributes of TURN are reported as not understood", () => {
		const message = packet(COTURN, "success of an Allocate request, with attributes of TURN");
		expect(message).toMatchObject({ method: 3, unknownRequired: [0x0016, 0x000d] });
		expect(text(mappedAddressOf(message))).toBe("127.0.0.1 40123");
	});

	it("stund answers RFC 3489, with an address XORed by the id", () => {
		const message = packet("stund 0.97", "answer to an RFC 3489 request");
		expect(summary(message)).toMatchObject({
			classic: true,
			mapped: "127.0.0.1 40123",
			other: "127.0.0.32 3479",
			origin: "127.0.0.31 3478",
			software: "Vovida.org 0.97",
		});
		expect(attributeValue(message, "MAPPED-ADDRESS")).toEqual(attributeValue(message, "XOR-MAPPED-ADDRESS"));
	});

	it("stund answers RFC 8489", () => {
		const message = packet("stund 0.97", "answer to an RFC 8489 request");
		expect(summary(message)).toMatchObject({ classic: false, mapped: "127.0.0.1 40123" });
	});

	it("the npm package stun answers, with a FINGERPRINT", () => {
		const message = packet("npm stun 2.1.0", "success response");
		expect(summary(message)).toMatchObject({ mapped: "203.0.113.7 54321", software: "npm stun" });
		expect(attributeValue(message, "FINGERPRINT")).toBe(0x2c7e69da);
	});

	it("the clients of coturn and stund ask", () => {
		const request = packet("coturn 4.6.1 turnutils_natdiscovery", "request");
		expect(request).toMatchObject({ class: "request", method: 1, classic: false, attributes: [] });
		const classic = packet("stun-client 0.97", "request");
		expect(classic).toMatchObject({ class: "request", method: 1, classic: true });
		expect(attributeValue(classic, "CHANGE-REQUEST")).toEqual({ changeIp: false, changePort: false });
	});

	it.each(PACKETS.filter(({ hex }) => !hex.includes("7f7f")))(
		"$stack, $what: is written again bit for bit",
		({ hex }) => {
			const message = decodeMessage(Buffer.from(hex, "hex"));
			const { class: messageClass, method, transactionId } = message;
			const attributes = message.attributes.filter(({ name }) => name !== "FINGERPRINT");
			const again = encodeMessage({
				class: messageClass,
				method,
				transactionId,
				attributes: attributes.map(({ type, raw }) => ({ type, value: raw })),
				fingerprint: attributes.length < message.attributes.length,
			});
			expect(again.toString("hex")).toBe(hex);
		},
	);
});
