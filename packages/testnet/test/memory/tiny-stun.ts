import type { DatagramHandler, HostPort, ServicePlace } from "../../src/index.js";
import {
	plainAddress,
	readAttributes,
	STUN,
	withAttributes,
	xorAddress,
} from "../../src/memory/bad-servers.js";

/** A binding request with the given transaction id, and CHANGE-REQUEST flags (4: address, 2: port). */
export function bindingRequest(transaction: Uint8Array, change = 0): Uint8Array {
	const header = new Uint8Array(20);
	header.set([0x00, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42]);
	header.set(transaction, 8);
	if (change === 0) return header;
	return withAttributes(header, [{ type: STUN.CHANGE_REQUEST, value: new Uint8Array([0, 0, 0, change]) }]);
}

/** Just enough of a STUN server to have bad servers made of it: mapped and other address, change request. */
export const tinyStun =
	({ primary, alternate }: Pick<ServicePlace, "primary" | "alternate">): DatagramHandler =>
	(data, from, localTo) => {
		const other = alternate ?? primary;
		const change = readAttributes(data).find(({ type }) => type === STUN.CHANGE_REQUEST)?.value[3] ?? 0;
		const swap = (here: HostPort, what: "ip" | "port"): string | number =>
			here[what] === primary[what] ? other[what] : primary[what];
		const source = {
			ip: change & 4 ? (swap(localTo, "ip") as string) : localTo.ip,
			port: change & 2 ? (swap(localTo, "port") as number) : localTo.port,
		};
		const attributes = [
			{ type: STUN.MAPPED_ADDRESS, value: plainAddress(from) },
			{ type: STUN.XOR_MAPPED_ADDRESS, value: xorAddress(from, data) },
			...(alternate === null ? [] : [{ type: STUN.OTHER_ADDRESS, value: plainAddress(alternate) }]),
		];
		return [{ data: withAttributes(data, attributes, 0x0101), from: source }];
	};
