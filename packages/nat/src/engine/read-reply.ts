import {
	attributeValue,
	type HostPort,
	mappedAddressOf,
	otherAddressOf,
	type StunMessage,
} from "@p2pd/stun-client";
import type { ProbeReply } from "./types.js";

const endOf = (address: HostPort | undefined): HostPort | null =>
	address === undefined || address.port === 0 ? null : { ip: address.ip, port: address.port };

/** What a probe needs of a STUN answer. */
export function readReply(message: StunMessage, from: HostPort): ProbeReply {
	const error = message.class === "error";
	return {
		from,
		mapped: error ? null : endOf(mappedAddressOf(message)),
		other: endOf(otherAddressOf(message)),
		classic:
			attributeValue(message, "OTHER-ADDRESS") === undefined &&
			attributeValue(message, "CHANGED-ADDRESS") !== undefined,
		errorStatus: error ? (attributeValue(message, "ERROR-CODE")?.status ?? 0) : null,
		unknownAttributes: attributeValue(message, "UNKNOWN-ATTRIBUTES") ?? [],
	};
}
