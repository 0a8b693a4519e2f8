/**
 * IP addresses, ranges, IANA classes, host:port targets and DNS.
 *
 * @packageDocumentation
 */
export {};
