import { EventEmitter } from "node:events";
import { TurnUnsupportedError } from "../errors.js";

function unsupported(feature: string): never {
	throw new TurnUnsupportedError(
		feature,
		`a relayed socket has no ${feature}: the relay sends its datagrams`,
	);
}

/** What `dgram.Socket` has and a relay cannot do: broadcast, hop limits and multicast belong to the relay's own host. */
export abstract class UdpUnsupported extends EventEmitter {
	setBroadcast(flag: boolean): void {
		if (flag) unsupported("broadcast");
	}

	setTTL(): never {
		return unsupported("ttl");
	}

	addMembership(): never {
		return unsupported("multicast");
	}

	dropMembership(): never {
		return unsupported("multicast");
	}

	addSourceSpecificMembership(): never {
		return unsupported("multicast");
	}

	dropSourceSpecificMembership(): never {
		return unsupported("multicast");
	}

	setMulticastInterface(): never {
		return unsupported("multicast");
	}

	setMulticastLoopback(): never {
		return unsupported("multicast");
	}

	setMulticastTTL(): never {
		return unsupported("multicast");
	}

	setRecvBufferSize(): never {
		return unsupported("receive buffer");
	}

	setSendBufferSize(): never {
		return unsupported("send buffer");
	}

	getRecvBufferSize(): never {
		return unsupported("receive buffer");
	}

	getSendBufferSize(): never {
		return unsupported("send buffer");
	}
}
