/**
 * A TURN allocation (RFC 8656, RFC 6062) as a socket factory.
 *
 * @packageDocumentation
 */
export {};
