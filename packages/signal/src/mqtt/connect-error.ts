import { SignalConnectError } from "../errors.js";
import type { SignalServer } from "./server-url.js";

/** Return codes of CONNACK (MQTT 3.1.1 section 3.2.2.3) and reason codes of MQTT 5 (section 3.2.2.2). */
const BAD_PASSWORD = [4, 0x86];
const NOT_AUTHORIZED = [5, 0x87];
const UNAVAILABLE = [3, 0x88];

/** What a failed or lost connection means for the user. */
export function toConnectError(failure: unknown, server: SignalServer, wasOpen: boolean): SignalConnectError {
	const { url, credentials } = server;
	const options = failure === null ? undefined : { cause: failure };
	if (failure === null) {
		const detail = wasOpen
			? "the connection was lost"
			: "the server closed the connection; is it an MQTT server?";
		return new SignalConnectError(wasOpen ? "unreachable" : "protocol", url, detail, options);
	}
	const code = failure instanceof Error ? (failure as { code?: unknown }).code : undefined;
	const message =
		failure instanceof Error && failure.message !== "" ? failure.message : String(code ?? failure);
	if (typeof code === "number") {
		if (UNAVAILABLE.includes(code) && credentials === null) {
			const detail =
				"the broker refuses this machine's clock, which differs from its own by more than two minutes";
			return new SignalConnectError("clock", url, detail, options);
		}
		if ([...BAD_PASSWORD, ...NOT_AUTHORIZED].includes(code)) {
			const what = credentials === null ? "this node's signed password" : "the user or password";
			return new SignalConnectError("denied", url, `the server refuses ${what} (${message})`, options);
		}
		return new SignalConnectError("protocol", url, message, options);
	}
	if (/connack timeout/i.test(message))
		return new SignalConnectError("timeout", url, "no answer from the server", options);
	return new SignalConnectError("unreachable", url, `cannot connect: ${message}`, options);
}
