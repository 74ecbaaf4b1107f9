/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* What a capture consists of, and the plans that say what to capture. */
#ifndef SIDESPAN_WIRE_CAPTURE_PLAN_H
#define SIDESPAN_WIRE_CAPTURE_PLAN_H

#include "limits.h"

/*
 * A capture is a sequence of chunks, each a chunk_header and `captured` units of payload padded to 8
 * bytes, in the order in which the plan's ops ran. The reader walks the same plan.
 */
enum chunk_status {
	CHUNK_OK = 0,
	CHUNK_NIL = 1,	     /* nil pointer, slice, map or interface: no payload */
	CHUNK_FAULT = 2,     /* memory could not be read: no payload */
	CHUNK_NO_ROOM = 3,   /* CAPTURE_BYTES or PLAN_DEPTH ran out: no payload */
	CHUNK_ABSENT = 4,    /* key not in the map or context: no payload */
	CHUNK_UNKNOWN_TYPE = 5, /* interface: payload is the type's address only */
	CHUNK_TOO_LARGE = 6, /* MAX_WALK_STEPS ran out before the key was found */
	CHUNK_NEEDLESS = 7, /* POINTER_UNLESS: another value of the image says it all. No payload */
	CHUNK_NOT_RESIDENT = 8, /* as CHUNK_FAULT, but the program itself could read it: the kernel would have had to fetch the page.
				   Payload of bytes: their linked address. Else none */
	CHUNK_CONSTANT = 9, /* bytes that the program never writes: not read here, the file has them. Payload: their linked address */
};

struct chunk_header {
	__u8 status;	/* enum chunk_status */
	__u8 op;	/* enum capture_op that wrote it: lets the reader detect a loss of step */
	__u16 captured; /* bytes of payload; for OP_SLICE elements, for OP_MAP entries */
	__u32 total;	/* length of the string, slice or map in the target, saturated; OP_INTERFACE: dynamic plan id */
};

/* ---- capture plans -------------------------------------------------------------------------- */

/*
 * A plan is a run of ops in the plan_ops map, ended by OP_END. The interpreter works on the current
 * *image*: bytes in the output that look as the value looks in the target's memory. `at` is an offset
 * into the image. Ops that follow a pointer found in the image append a chunk; when it is CHUNK_OK and the
 * op says so, the chunk's payload becomes the current image until OP_POP.
 *
 * Some ops do several of a kind, because the step from one op to the next costs as much as a short read:
 * OP_IMAGE fills up to ten words, OP_STRING reads up to five strings, OP_HEADER looks several keys up in one
 * walk. Their chunks are those of as many single ops.
 *
 *	op		a		b	c		imm		chunk written
 */
enum capture_op {
	OP_END = 0,	  /* -		-	-		-		none; ends the plan or returns from a dynamic one */
	OP_IMAGE = 1,	  /* words	saved	size		word sources	`size` zero bytes; becomes the image. Its first `words` words are filled from sources of
				     SOURCE_BITS each: a register's number, or WORD_SAVED + n for frame.saved[n]; the first `saved` words are then kept in the frame */
	OP_REGISTER = 2,  /* register	at	bytes 1,2,4,8	-		none: stores the register's low bytes */
	OP_STACK = 3,	  /* base	at	size		offset		none: copies from there: of SP, or memory_base; a fault sets the image chunk's status */
	OP_SAVE = 4,	  /* word	at	-		-		none: frame.saved[word] = 8 bytes of the image */
	OP_SAVED = 5,	  /* word	at	-		-		none: 8 bytes of the image = frame.saved[word] */
	OP_STRING = 6,	  /* count	at	max bytes	more		bytes of the string or []byte whose header is at `at`; `more`: at and max (u8 each, in words) of up to four others */
	OP_POINTER = 7,	  /* flags	at	size		ops to skip	`size` bytes behind the pointer at `at`: becomes the image (not of a leaf); not OK: skips past the matching OP_POP. POINTER_UNSENT: no payload, the image stays in the kernel.
			     POINTER_MESSAGES: it is a stream; its counts of messages, four words, are the image, which is not sent.
			     POINTER_UNLESS: imm's high half is the place of a word; skips unless that is zero. POINTER_OF_TYPE: it is an interface's second word; c is the linked address of the
			     dynamic type without which it skips, imm's high half the size. The first word is that type, with POINTER_OF_ITAB an itab */
	OP_POP = 8,	  /* -		-	-		-		none: back to the previous image */
	OP_SLICE = 9,	  /* max items	at	item size	ops of the body	items of the slice at `at`; then the body (ended by OP_NEXT) runs once an item, the item being the image. imm's high half: max bytes, if
			     the body is OP_STRING alone, at 0: it need not be run */
	OP_EACH = 10,	  /* items	at	item size	ops of the body	none: runs the body for each item of the array at `at` in the image */
	OP_NEXT = 11,	  /* -		-	-		-		none: ends the body of OP_SLICE or OP_EACH */
	OP_INTERFACE = 12, /* kind	at	-		-		8 bytes: vaddr of the dynamic type; if dynamic_types knows it, an OP_IMAGE chunk with the value follows and its plan runs (enum interface_kind) */
	OP_HEADER = 13,	  /* count	at	max bytes	string indices	values of each key in the map[string][]string at `at`; c: four u8, in units of HEADER_UNIT; imm: the first key's string index (high u8; the others follow it), bit n - 1: a key of n bytes is among them */
	OP_CONTEXT = 14,  /* -		at	ops to skip	vaddr of key type	16 bytes (type, data) of the value with that key type in the context.Context at `at`: becomes the image */
	OP_TRACEPARENT = 15, /* count	at	max bytes	string indices	as OP_HEADER, but the first key's value has no chunk and no max: it is parsed into the frame's trace context.
			     With HEADER_MORE in count the next step is part of this one; a: how many keys tell of the trace context, c: what each of them is
			     (enum header_role, HEADER_ROLE_BITS each), b: which key, from 1, is a tracestate that is passed on, imm: max bytes of the fifth value and those behind it (u8 each) */
	OP_WORDS = 16,	  /* count	-		-		offsets		the words of the image at up to four offsets (u8 each, in words) */
	OP_MAP = 17,	  /* max entries	at	group, body	layout		first entries of the map at `at`, key and value each padded to 8 bytes; then the body runs once an entry. c: bytes of a
				     group or bucket (high u16), ops of the body; layout: bytes of key and value (8 bits each), the keys' stride, the values' offset in the group and stride (12 each) */
	OP_CONSTANT = 18, /* bytes 4,8	at	high half	low half	none: stores the constant */
	OP_LABEL = 19,	  /* kind	at	size		place, choices	none: a label of the call's series (enum label_kind) */
	OP_HEADER_LINE = 20, /* no op of a plan: writes the chunks behind OP_HEADER's of a key that has several values, HEADER_LINES at most; CHUNK_TOO_LARGE: there are more */
};

/*
 * What metrics tell apart of a call that is not sampled, in struct series_key. A label that could not be read stays 0.
 * imm: the label's place (u8), the index of its first choice in plan_strings (u8), a code that keeps a text out (u16).
 */
enum label_kind {
	LABEL_BYTE = 1,	   /* an integer of `size` bytes, plus 1; 254 for larger ones */
	LABEL_PRESENT = 2, /* 1: the word is zero, 2: it is not */
	LABEL_CODE = 3,	   /* as LABEL_BYTE, in two bytes; 65534 for larger ones */
	LABEL_NIL = 4,	   /* the word is a nil pointer: the code at `place` is `size` then */
	LABEL_CHOICE = 5,  /* which of `size` choices the string is, from 1; 255: none of them */
	LABEL_FOUND = 6,   /* the same of a header that the last look-up was for, its first one of several and in lower case; `at` in plan_strings; 254: there is none */
	LABEL_TEXT = 7,	   /* the string's first `size` bytes. Not where the code at `place` is the one in imm */
	LABEL_TYPE = 8,	   /* the linked address of the dynamic type of the interface, which has an itab, as the text */
	LABEL_SIZE = 9,	   /* no label: an integer of 8 bytes is the size of the body `place`, if it is not below `size` */
	LABEL_NOTE = 10,   /* the string in place of the text that is there; the label is NOTE_WHOLE. Not where the code at place 0 is the one in imm */
	LABEL_PART = 11,   /* the string's first `size` bytes behind the text that is there; the label is where the first one begins, plus NOTE_PARTS. Not behind NOTE_WHOLE, nor as LABEL_NOTE */
	LABEL_UNWRAP = 12, /* no label: the interface, which has an itab, is made the one that it holds, if `size` is the linked address of its dynamic type; at that offset (u16, in place of the code) */
	LABEL_DYNAMIC_TYPE = 13, /* as LABEL_PART, a word: the linked address of the dynamic type of the interface, which has an itab; 1: it is nil */
	LABEL_CONSTANT = 14, /* likewise, of a string that is a constant of the program: its linked address, and in the low 16 bits its length */
	LABEL_SHAPE = 15, /* likewise, of any string, where no constant was: SHAPE_NUMBER and the number of its first `size` bytes up to a literal */
};
#define LABEL_NOTED 5 /* place of what notes say of a call */
#define NOTE_WHOLE 1
#define NOTE_PARTS 2
#define SHAPE_NUMBER (1ull << 63)
#define LABEL_ABSENT 254
#define LABEL_OTHER 255
/* What a header tells of the trace context. Of several formats that are valid the last one counts. */
enum header_role {
	ROLE_TRACEPARENT = 1,
	ROLE_B3_TRACE_ID = 2, /* the first of B3's four headers … */
	ROLE_B3_SPAN_ID = 3,
	ROLE_B3_SAMPLED = 4,
	ROLE_B3_FLAGS = 5, /* … and the last: with it they are put together */
	ROLE_B3 = 6,	   /* B3's single header */
	ROLE_TRACE_STATE = 7, /* it has a value like others, too */
};

/* What stands at OP_INTERFACE's `at`. */
enum interface_kind {
	INTERFACE_TYPE = 0,	 /* type, data */
	INTERFACE_ITAB = 1,	 /* itab {inter, type}, data */
	INTERFACE_REFLECTED = 2, /* reflect.Value: type, data, flag. With REFLECT_INDIRECT there data is the value's address whatever its type */
};
#define REFLECT_INDIRECT 128

/* Of OP_STACK, in place of 0 for SP. */
enum memory_base {
	BASE_REGISTER = 1, /* and the register's number */
	BASE_IMAGE = 255,  /* the offset is a linked address */
};

enum pointer_flag {
	POINTER_LEAF = 1,   /* nothing is read from the image: no OP_POP */
	POINTER_UNSENT = 2, /* OP_WORDS says which of its words are sent */
	POINTER_UNLESS = 4, /* only followed where another word of the image is zero */
	POINTER_MESSAGES = 8,
	POINTER_OF_TYPE = 16,
	POINTER_OF_ITAB = 32,
};

#define SOURCE_BITS 6	   /* of each of OP_IMAGE's word sources */
#define WORD_SAVED 32	   /* in these: above all registers */
#define IMAGE_WORDS 10	   /* most words that OP_IMAGE fills: all of amd64's integer arguments */
#define STRINGS_AT_ONCE 5  /* of OP_STRING */
#define SLICE_STRINGS 4	   /* most strings that OP_SLICE reads itself */
#define MAX_HEADER_KEYS 15
#define HEADER_LINES 8	   /* most values of a key that are read */
#define HEADER_UNIT 4
#define HEADER_MORE 128	   /* of OP_HEADER's and OP_TRACEPARENT's `a`: the next step goes on with it */
#define HEADER_ROLE_BITS 4

struct capture_step {
	__u8 op;
	__u8 a;
	__u16 b;
	__u32 c;
	__u64 imm;
};

/* Bytes beyond the string are zero: keys are compared by words. */
struct plan_string {
	__u32 size_bytes;
	__u32 pad;
	__u8 bytes[PLAN_STRING_BYTES];
};

/* What to read of a value whose dynamic type is this. Key of the dynamic_types map. */
struct dynamic_type_key {
	__u32 process_slot;
	__u32 pad;
	__u64 type_vaddr; /* linked address of the runtime type descriptor */
};

struct dynamic_type {
	__u32 id;	   /* goes into the chunk: user space's index */
	__u32 plan;	   /* first op */
	__u32 size_bytes;  /* of the value */
	__u32 direct;	   /* 1: pointer-shaped, the interface's data word is the value */
};

#endif
