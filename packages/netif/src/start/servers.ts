import {
	DEFAULT_STUN_SERVERS,
	parseStunServer,
	type StunServerSpec,
	stunServersFromEnv,
} from "@p2pd/stun-client";

/**
 * The STUN servers that may be contacted: those of the option, else those of P2PD_STUN_SERVERS, else the public
 * default list.
 *
 * @throws StunConfigError (ERR_STUN_CONFIG) for a text that names no server
 */
export function stunServersFor(
	option: readonly (string | StunServerSpec)[] | undefined,
	env: Readonly<Record<string, string | undefined>>,
): readonly StunServerSpec[] {
	if (option) return option.map((server) => (typeof server === "string" ? parseStunServer(server) : server));
	return stunServersFromEnv(env) ?? DEFAULT_STUN_SERVERS;
}
