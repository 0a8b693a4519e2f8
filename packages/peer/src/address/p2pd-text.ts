import { canonicalIp, isIp } from "@p2pd/address";
import { isDeltaType, isNatType } from "@p2pd/nat";
import type { Family } from "@p2pd/net";
import { MAX_CANDIDATES } from "../defaults.js";
import { PeerAddressError } from "../errors.js";
import type { P2pdAddress, P2pdCandidate } from "../types.js";
import { PeerAddress } from "./peer-address.js";

/** Longer than any that P2PD writes. */
const MAX_TEXT = 4096;
/** `SIGNALS-IPV4-IPV6-NODEID-MACHINEID`. The families are matched by their brackets, since a negative delta contains the separator. */
const TEXT =
	/^(None|\d+(?:,\d+)*)-(0|\[[^-[\]]*(?:-\d+)?\](?:\|\[[^-[\]]*(?:-\d+)?\])*)-(0|\[[^-[\]]*(?:-\d+)?\](?:\|\[[^-[\]]*(?:-\d+)?\])*)-([0-9a-f]{25})-([0-9A-Za-z]{1,128})$/;

/**
 * Reads P2PD's own address text, negative deltas included. It is not signed, so that nobody can be recognised by it:
 * it is for reading alone.
 *
 * @throws PeerAddressError: `ERR_PEER_ADDRESS_PREFIX` (it is not P2PD's), `_LENGTH`, `_VALUE`
 */
function parseP2pdAddress(text: string): P2pdAddress {
	const trimmed = text.trim();
	if (trimmed.length > MAX_TEXT) throw new PeerAddressError("length", "the address is too long");
	const match = TEXT.exec(trimmed);
	if (match === null)
		throw new PeerAddressError("prefix", "this is not an address of P2PD: five parts joined by dashes");
	const [, signals = "", ip4 = "", ip6 = "", nodeId = "", machineId = ""] = match;
	const candidates = [...family(ip4, 4), ...family(ip6, 6)];
	if (candidates.length > MAX_CANDIDATES)
		throw new PeerAddressError("value", "the address has too many entries");
	return {
		signed: false,
		signals: signals === "None" ? [] : signals.split(",").map(Number),
		candidates,
		nodeId,
		machineId,
	};
}

/**
 * Reads either kind of address: ours, or P2PD's own (told apart by `signed`).
 *
 * @throws PeerAddressError
 */
export function readAddress(text: string): PeerAddress | P2pdAddress {
	try {
		return PeerAddress.parse(text);
	} catch (error) {
		if (error instanceof PeerAddressError && error.problem === "unsigned") return parseP2pdAddress(text);
		throw error;
	}
}

function family(text: string, af: Family): P2pdCandidate[] {
	if (text === "0") return [];
	return text.split("|").map((entry) => candidate(entry.slice(1, -1).split(","), af));
}

function candidate(parts: readonly string[], af: Family): P2pdCandidate {
	const [
		netiface = "",
		ifIndex = "",
		externalIp = "",
		nicIp = "",
		port = "",
		nat = "",
		delta = "",
		step = "",
	] = parts;
	const numbers = [netiface, ifIndex, port, nat, delta, step].map((part) =>
		/^-?\d{1,9}$/.test(part) ? Number(part) : Number.NaN,
	);
	const [netifaceIndex = 0, index = 0, portNumber = 0, type = 0, deltaType = 0, value = 0] = numbers;
	if (
		parts.length !== 8 ||
		numbers.some(Number.isNaN) ||
		!isIpOf(externalIp, af) ||
		!isIpOf(nicIp, af) ||
		portNumber < 1 ||
		portNumber > 65_535 ||
		!isNatType(type) ||
		!isDeltaType(deltaType)
	) {
		throw new PeerAddressError("value", `an entry of IPv${af} has an impossible value`);
	}
	return {
		af,
		netifaceIndex,
		ifIndex: index,
		externalIp: canonicalIp(externalIp),
		nicIp: canonicalIp(nicIp),
		port: portNumber,
		nat: { type, delta: { type: deltaType, value } },
	};
}

function isIpOf(text: string, af: Family): boolean {
	return isIp(text) && text.includes(":") === (af === 6);
}
