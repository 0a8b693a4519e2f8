import type { PipeCore } from "./core/pipe-core.js";
import type { Delivery } from "./delivery/delivery.js";
import { PipeOptionError } from "./errors.js";
import type { Message } from "./subscription/queue.js";
import type { Subscription } from "./subscription/subscription.js";
import type { RecvOptions } from "./types.js";

/** The next message of a subscription, or null when the time is over. */
export function receive(
	core: PipeCore,
	delivery: Delivery,
	options: RecvOptions,
): Promise<Buffer | Message | null> {
	try {
		const subscription = delivery.get(options.sub ?? null);
		if (subscription.handled)
			throw new PipeOptionError("sub", `${subscription.name} has a handler, which takes its messages`);
		return receiveFrom(core, subscription, options);
	} catch (error) {
		return Promise.reject(error);
	}
}

/** The same, of a subscription at hand. */
export function receiveFrom(
	core: PipeCore,
	subscription: Subscription,
	{ full = false, signal, timeout = 0 }: RecvOptions,
): Promise<Buffer | Message | null> {
	if (!(timeout >= 0))
		return Promise.reject(new PipeOptionError("timeout", `not a number of at least 0: ${timeout}`));
	if (signal?.aborted) return Promise.reject(signal.reason);
	const queued = subscription.take();
	if (queued !== undefined) return Promise.resolve(full ? queued : queued[1]);
	const refusal = subscription.refusal();
	if (refusal !== null) return Promise.reject(refusal);
	const deadline = core.deadline.need(timeout === 0 ? core.settings.recvTimeout : timeout);
	return subscription.wait(deadline, full, signal);
}
