/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Headers that are written into requests. */
#ifndef SIDESPAN_WIRE_OUTGOING_H
#define SIDESPAN_WIRE_OUTGOING_H

#include "site.h"

#define HEADERS_BYTES 256
#define HEADER_FORMATS 3 /* of the trace context: tracecontext, b3, b3multi */

/* Where a format has its hex digits, and the digit that says whether the trace is kept. */
struct format_places {
	__u8 trace_id;
	__u8 span_id;
	__u8 sampled;
	__u8 pad;
};

#define STATE_NAME_BYTES 12 /* what comes before the length of a tracestate's value, or the value */

/* All headers that a request gets, one behind the other as they are sent. From `size` on the begin of one more, tracestate. */
struct headers_text {
	__u32 size;
	__u32 formats;
	struct format_places places[HEADER_FORMATS];
	__u32 is_block; /* of HTTP/2 */
	__u8 text[HEADERS_BYTES];
};

/* Constant once the object is loaded. */
struct outgoing_settings {
	struct headers_text lines; /* of HTTP/1.1 */
	struct headers_text block; /* of HTTP/2, as HPACK has them */
	__u64 lengths;		   /* bit n - 1: of the names by which a request has such a header already one has n bytes */
	__u32 names;		   /* how many these are; they are the first of plan_strings */
	__u32 pad;
};

/* What has the request's headers at a site. */
enum outgoing_headers {
	OUTGOING_MAP = 1,    /* `headers` is a map[string][]string */
	OUTGOING_FIELDS = 2, /* `headers` and the word behind it: a []hpack.HeaderField */
};

/* Of the sites from SITE_PASS on, by site.object. */
struct outgoing_site {
	struct context_place key;     /* of the word by which the call is known; base 0: it is the goroutine */
	struct context_place headers; /* one word, where nothing is followed two */
	__u32 headers_kind;	      /* enum outgoing_headers; 0: they are not looked at */
	__u16 buffer_at;	      /* in bufio.Writer: the slice `buf`, … */
	__u16 written_at;	      /* … `n` and `err` */
	__u16 error_at;
	__u16 parameter_at; /* SITE_WRITE_BLOCK: of the HeadersFrameParam, above SP */
};

/* One struct a client's probe and CPU. */
struct outgoing_counters {
	__u64 passed;	/* requests on their way to a connection */
	__u64 written;	/* got the headers */
	__u64 stateless; /* likewise, but for a tracestate that can't be passed on, or for which there was no room */
	__u64 present;	/* had one of them already */
	__u64 no_room;	/* no room in the buffer, or the block has more than one frame */
	__u64 no_call;	/* no span: the call had begun before we attached, or its request is sent again */
	__u64 unsearched; /* too many headers to look through, or they could not be read */
	__u64 refused;	/* what is there is not what it should be */
	__u64 fault;	/* the memory could not be written */
};

#endif
