import { bytesOf } from "./check.js";
import type { PipeCore } from "./core/pipe-core.js";
import { UDP_PAYLOAD } from "./defaults.js";
import { PipeClosedError, PipeDestinationError, PipeSendQueueError, PipeTooLongError } from "./errors.js";
import { parsePeer, peerText, withZone } from "./peer.js";
import type { DataTransport } from "./transport.js";
import type { Peer, Sendable } from "./types.js";

/** The checks before a send, in the order of the cheapest first. Rejections are those of `Pipe.send`. */
export function send(
	core: PipeCore,
	data: DataTransport,
	message: Sendable,
	dest: Peer | undefined,
): Promise<void> {
	if (!core.sendable) return Promise.reject(new PipeClosedError(core.sendRefusal));
	try {
		let bytes = bytesOf(message);
		const to = dest === undefined ? data.remote : destination(core, data, dest);
		if (to === null)
			throw new PipeDestinationError("a UDP server's send needs a destination: send(data, [ip, port])");
		const { framing, sendBytes } = core.settings;
		if (!core.lossless) {
			const limit = UDP_PAYLOAD[to[0].includes(":") ? 6 : 4];
			if (bytes.length > limit) throw new PipeTooLongError(bytes.length, limit);
		} else if (framing !== null) {
			bytes = framing.encode(bytes);
		}
		const { unsent } = data;
		if (unsent > 0 && unsent + bytes.length > sendBytes) throw new PipeSendQueueError(unsent, sendBytes);
		core.counters.messagesOut++;
		core.counters.bytesOut += bytes.length;
		return data.send(bytes, to);
	} catch (error) {
		return Promise.reject(error);
	}
}

function destination(core: PipeCore, data: DataTransport, dest: Peer): Peer {
	// The tuple that came with a message is in its one spelling already.
	if (dest === data.lastPeer) return dest;
	const [ip, port] = parsePeer(dest, "dest");
	const to: Peer = [withZone(ip, core.init.nic), port];
	const { remote } = data;
	if (data.fixed && (remote === null || to[0] !== remote[0] || to[1] !== remote[1])) {
		const peer = remote === null ? "nobody" : peerText(remote);
		throw new PipeDestinationError(`a connected pipe sends to ${peer} alone, not to ${peerText(to)}`);
	}
	if ((to[0].includes(":") ? 6 : 4) !== (data.local[0].includes(":") ? 6 : 4)) {
		throw new PipeDestinationError(`${peerText(to)} is of another family than this pipe's ${data.local[0]}`);
	}
	return to;
}
