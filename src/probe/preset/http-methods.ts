/** RFC 9110 and PATCH (RFC 5789): what the semantic conventions call known. The commonest first: they are compared in turn. */
export const httpMethods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'CONNECT', 'TRACE'];

/** Of what a connection of HTTP/2 without TLS begins with, which is no request: labels tell it from methods that are not known. */
export const prefaceMethod = 'PRI';
