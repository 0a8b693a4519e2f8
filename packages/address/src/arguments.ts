import { type Check, type Fields, is, objectProblem } from "@p2pd/net";
import { AddressArgumentError } from "./errors.js";

/*
 * Checks of what callers pass in: wrong types end in an error that names the argument, and not in a TypeError from
 * somewhere inside.
 */

/** @throws AddressArgumentError if the check finds a problem with an argument */
export function requireArgument(value: unknown, name: string, check: Check): void {
	const problem = check(value, name);
	if (problem !== null) throw new AddressArgumentError(problem);
}

/** @throws AddressArgumentError if an argument is not a string */
export function requireText(value: unknown, name: string): asserts value is string {
	if (typeof value !== "string") requireArgument(value, name, is.text);
}

/** @throws AddressArgumentError if an argument is not 4 or 6 */
export function requireFamily(value: unknown, name: string): void {
	requireArgument(value, name, is.family);
}

/** @throws AddressArgumentError for an unknown option, or one of a wrong type or out of bounds */
export function requireOptions(value: unknown, name: string, fields: Fields): void {
	const problem = objectProblem(value, name, fields);
	if (problem !== null) throw new AddressArgumentError(problem);
}
