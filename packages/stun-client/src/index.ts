/**
 * STUN (RFC 8489, 5780, 3489): codec, transactions, a client for UDP, TCP and TLS, and a server.
 *
 * @packageDocumentation
 */
export {};
