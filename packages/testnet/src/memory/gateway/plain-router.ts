import type { Packet } from "../packet.js";
import type { Translator } from "./translator.js";

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
