import type { DropReason, Packet } from "../packet.js";

/** What a gateway does to packets of one family that cross it: a changed packet, or why it goes no further. */
export interface Translator {
	/** From inside to outside. */
	outbound(packet: Packet): Packet | DropReason;
	/** From outside to inside. */
	inbound(packet: Packet): Packet | DropReason;
	/** Whether packets from inside to this address have to turn round at the gateway. */
	claims(ip: string): boolean;
	/** Whether they may. */
	readonly hairpins: boolean;
}

/** Routes and nothing else. */
export class PlainRouter implements Translator {
	readonly hairpins = false;

	outbound(packet: Packet): Packet {
		return packet;
	}

	inbound(packet: Packet): Packet {
		return packet;
	}

	claims(): boolean {
		return false;
	}
}
