import type { StunServerSpec } from "./types.js";

/**
 * Public servers under well-known names, one entry an operator. `features` says what their operators state or
 * their software is known for; a date in `verifiedAt` comes from `pnpm verify-servers`, run by a maintainer with
 * Internet, and is null before that.
 */
export const DEFAULT_STUN_SERVERS: readonly StunServerSpec[] = [
	{ host: "stun.l.google.com", port: 19302, operator: "google", verifiedAt: null },
	{ host: "stun.cloudflare.com", port: 3478, operator: "cloudflare", verifiedAt: null },
	{ host: "stun.nextcloud.com", port: 3478, operator: "nextcloud", verifiedAt: null },
	{
		host: "stun.stunprotocol.org",
		port: 3478,
		operator: "stunprotocol",
		features: ["rfc5780"],
		verifiedAt: null,
	},
	{
		host: "stun.sipgate.net",
		port: 3478,
		operator: "sipgate",
		features: ["rfc5780", "rfc3489"],
		verifiedAt: null,
	},
	{ host: "stun.voipgate.com", port: 3478, operator: "voipgate", features: ["rfc5780"], verifiedAt: null },
	{
		host: "stun.voip.blackberry.com",
		port: 3478,
		operator: "blackberry",
		features: ["rfc5780"],
		verifiedAt: null,
	},
	{
		host: "stun.freeswitch.org",
		port: 3478,
		operator: "freeswitch",
		features: ["rfc5780"],
		verifiedAt: null,
	},
	{ host: "stun.t-online.de", port: 3478, operator: "telekom", features: ["rfc5780"], verifiedAt: null },
	{ host: "stun.12voip.com", port: 3478, operator: "dellmont", features: ["rfc3489"], verifiedAt: null },
	{ host: "stun.antisip.com", port: 3478, operator: "antisip", features: ["rfc5780"], verifiedAt: null },
	{ host: "stun.siptrunk.com", port: 3478, operator: "siptrunk", features: ["rfc5780"], verifiedAt: null },
];
