import type { FamilyOutcomes } from "../dns/types.js";
import { AddressDnsError, AddressError, AddressNotFoundError } from "../errors.js";
import { FAMILIES } from "../family.js";

/**
 * The one error for a name without any address: that it has none only if both families say so, otherwise what
 * went wrong. Both families' errors are in its cause.
 */
export function failureOf(host: string, outcomes: FamilyOutcomes): Error {
	const errors = FAMILIES.flatMap((af) => {
		const outcome = outcomes[af];
		return outcome.status === "failed" ? [outcome.error] : [];
	});
	const cause = new AggregateError(errors, `both families of ${host}`);
	// What is no error of ours is a mistake in the program, and goes out as it is.
	const foreign = errors.find((error) => !(error instanceof AddressError));
	if (foreign) return foreign;
	const worst = errors.find((error) => !(error instanceof AddressNotFoundError));
	if (!worst) return new AddressNotFoundError(host, "no such name, or no address of it", { cause });
	return worst instanceof AddressDnsError
		? new AddressDnsError(host, worst.detail, worst.server, { cause })
		: worst;
}
