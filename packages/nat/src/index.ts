/**
 * NAT behaviour discovery (RFC 5780, RFC 4787), port allocation, and prediction for hole punching.
 *
 * @packageDocumentation
 */
export {};
