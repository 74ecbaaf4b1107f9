/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * The one wire format between the BPF programs and user space.
 *
 * Everything here is mirrored in TypeScript: records in src/event/layout.ts, capture ops in
 * src/probe/capture/capture-op.ts, map keys and values in src/bpf/map-layout.ts. test/bpf/wire-format.test.ts
 * compares every field's offset and every enumerator with the BTF of the compiled object.
 *
 * Rules: fixed-width types, explicit padding, little-endian. Ids are bytes in network order.
 */
#ifndef SIDESPAN_EVENT_H
#define SIDESPAN_EVENT_H

/* ---- limits ------------------------------------------------------------------------------- */

#define CAPTURE_BYTES 4096	 /* most bytes one capture may take: a ring of 8 MiB then holds 2,000 of the largest */
#define UNSENT_BYTES 1024	 /* images that a capture reads but does not send, each with those within */
#define PLAN_STEPS 512		 /* most ops one capture may execute, loops included */
#define PLAN_DEPTH 8		 /* most nested pointers, slices and dynamic types */
#define PLAN_OPS 65536		 /* ops of all plans together */
#define PLAN_STRING_BYTES 56	 /* longest header name a plan can look up */
#define PLAN_STRINGS 256
#define MAX_SITES 65536
#define MAX_PROBES 16384
#define MAX_PROCESSES 256
#define INLINE_FRAMES 6		 /* open calls kept in a goroutine's own entry; deeper ones overflow */
#define KEPT_BYTES 512		 /* most bytes of one call's arguments that are kept until it ends; more are sent ahead */
#define MAX_FRAMES 4096		 /* open traced calls on one goroutine; beyond: counted as frame_stack_full */
#define KNOWN_KEYS 32		 /* a power of two */
#define SAVED_WORDS 4		 /* words a capture may keep from entry to exit */
#define MAX_WALK_STEPS 64	 /* groups of a Go map searched for headers (8 entries each), and keys of fitting length compared */
#define MAX_CONTEXTS 16		 /* links of a context.Context chain searched for a key, or for a request's */
#define CONTEXT_TYPES 8		 /* types of contexts that hold their parent first */
#define CONTEXT_ENDS 3		 /* types of contexts without a parent */
#define CONTEXT_ITABS 16	 /* a power of two */
#define LABELS 8		 /* small labels of a series, a byte each */
#define LABEL_TEXT_BYTES 128	 /* of its text */
#define LABEL_CHOICES 16	 /* most texts that one label tells apart */
#define PANIC_FRAMES 32	 /* of a panic's stack */
#define DURATION_BOUNDS 31	 /* most bounds of a histogram */
#define BOUNDS_TABLES 8	 /* a power of two; the last is that of body sizes */
#define SIZE_BOUNDS 15	 /* most bounds of that one */
#define EXPONENTIAL_BUCKETS 450 /* of durations: the last is above 2 years */
#define EXPONENTIAL_SIZE_BUCKETS 163 /* of sizes: the last is above a TiB */
#define SIZES 2		 /* of a call: of its request's body, and of its answer's */
#define MESSAGE_BYTES_UNKNOWN (1ull << 52) /* in a number of bytes: some are not known */
#define GOROUTINE_ACTIVITIES 8
#define WAIT_REASONS 64	 /* more than any release has */

/* ---- records in the ring buffer ------------------------------------------------------------ */

enum record_kind {
	RECORD_ARGUMENTS = 1, /* captured at entry, where they could not be kept; the call's own record follows */
	RECORD_CALL = 2,      /* a call ended */
	RECORD_PROCESS = 3,   /* some process called exec or exited */
	RECORD_MORE_ARGUMENTS = 4, /* captured at a SITE_BODY: as RECORD_ARGUMENTS, which came before */
	RECORD_NOTE = 5,      /* captured at a SITE_NOTE; the call's own record follows */
	RECORD_TIMES = 6,     /* what its goroutine did while a call ran; the call's own record follows */
	RECORD_PANIC = 7,     /* a goroutine with open calls panics: the value and the stack */
	RECORD_PHASES = 9,    /* as RECORD_TIMES: where the time of an HTTP request went */
	RECORD_RECOVERY = 8,  /* one that did has recovered; after the records of the calls that it left */
};

/* How a call ended. */
enum call_end {
	END_RETURNED = 0,
	END_PANIC = 1,	  /* abandoned: a caller recovered a panic */
	END_GOEXIT = 2,	  /* abandoned: runtime.Goexit */
	END_GOROUTINE = 3, /* its goroutine ended without the site that should have ended the call */
	END_UNPAIRED = 4, /* its exit was not seen: found stale by a later hit of the same goroutine */
};

enum call_flag {
	CALL_ARGUMENTS_SENT = 1,  /* a RECORD_ARGUMENTS with the same span id came before */
	CALL_ARGUMENTS_LOST = 2,  /* the ring was full at entry */
	CALL_REMOTE_PARENT = 4,	  /* trace id and parent come from an incoming traceparent */
	CALL_SAMPLED = 8,	  /* sampled flag of that traceparent (meaningful with CALL_REMOTE_TRACE) */
	CALL_CAPTURE_LIMITED = 16, /* PLAN_STEPS ran out: values at the end are missing */
	CALL_REMOTE_TRACE = 32,	  /* the call, or one that encloses it, has a remote parent that decided about sampling */
	CALL_B3_PARENT = 128,	  /* the remote parent came as B3: a tracestate that came too is not its */
	CALL_PARENT_BY_CONTEXT = 256, /* the parent is not a call on the same goroutine: its context.Context leads there, … */
	CALL_PARENT_BY_START = 512,   /* … or its goroutine was started in it */
	CALL_KEPT_ERROR = 1024,	  /* not sampled, but it failed … */
	CALL_KEPT_SLOW = 2048,	  /* … or took long: settings.keep */
	CALL_NOT_CAPTURED = 64,	  /* over settings.captures_per_second: neither arguments nor results were read */
};

struct record_header {
	__u32 kind;	    /* enum record_kind */
	__u32 process_slot;
	__u32 probe;
	__u32 capture_bytes; /* bytes of captured chunks after the fixed part */
};

struct arguments_record {
	struct record_header header;
	__u64 goid;
	__u8 span_id[8];
	/* chunks follow */
};

struct call_record {
	struct record_header header;
	__u64 goid;
	__u64 start_ns; /* CLOCK_BOOTTIME */
	__u64 end_ns;
	__u8 trace_id[16];
	__u8 span_id[8];
	__u8 parent_span_id[8]; /* zero: a root */
	__u16 end;		/* enum call_end */
	__u16 arguments_bytes;	/* of the chunks, those captured at entry: they come first */
	__u32 flags;		/* enum call_flag */
	__u32 threshold;	/* frame.threshold */
	__u32 frame_index;	/* enclosing traced calls on this goroutine */
	/* chunks follow */
};

/* What a goroutine does, by its status in the runtime (runtime/runtime2.go) and, while it waits, by its waitReason. */
enum goroutine_activity {
	ACTIVITY_RUNNING = 0,
	ACTIVITY_RUNNABLE = 1, /* it could run, but no thread has taken it up yet */
	ACTIVITY_SYSCALL = 2,
	ACTIVITY_WAITS_OTHER = 3, /* and where the release of Go is not known */
	ACTIVITY_WAITS_CHANNEL = 4,
	ACTIVITY_WAITS_LOCK = 5,
	ACTIVITY_WAITS_NETWORK = 6,
	ACTIVITY_WAITS_SLEEP = 7,
};

/* What is done for an HTTP request on the goroutine of its call. */
enum request_phase {
	PHASE_HANDLING = 0, /* a server's: all that is none of the others */
	PHASE_QUEUED = 1,   /* a server's: it was read, and its call has not begun; not part of the duration */
	PHASE_READING = 2,  /* a server's: the body */
	PHASE_WRITING = 3,  /* a server's: to the connection */
	PHASE_CONNECTING = 4, /* a client's: until it has a connection */
	PHASE_ANSWERING = 5,  /* a client's: from then on */
};

/* How a site changes it. */
enum phase_change {
	PHASE_BEGIN = 1, /* until the matching PHASE_END */
	PHASE_END = 2,
	PHASE_TURN = 3,	 /* in place of the one at hand */
	PHASE_READ = 4,	 /* PHASE_QUEUED begins, on a goroutine without open calls */
};

struct times_record {
	struct record_header header;
	__u64 goid;
	__u8 span_id[8];
	__u64 ns[GOROUTINE_ACTIVITIES]; /* by enum goroutine_activity: together they are the call's duration; or by enum request_phase */
};

struct panic_record {
	struct record_header header; /* RECORD_PANIC: the probe is that of the innermost open call */
	__u64 goid;
	__u64 time_ns; /* CLOCK_BOOTTIME */
	__u32 depth;   /* stack.hi - SP of what panics, or of what recovers: deeper panics are over */
	__u32 frames;  /* return addresses behind the chunks, a word each, innermost first */
	/* chunks follow */
};

enum process_change { PROCESS_EXEC = 1, PROCESS_EXIT = 2 };

struct process_record {
	struct record_header header; /* process_slot and probe are 0 */
	__u32 change;		     /* enum process_change */
	__u32 pid;		     /* in the agent's PID namespace, 0 if it is not visible there */
};

/* ---- captured chunks ------------------------------------------------------------------------ */

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
			     POINTER_UNLESS: imm's high half is the place of a word; skips unless that is zero */
	OP_POP = 8,	  /* -		-	-		-		none: back to the previous image */
	OP_SLICE = 9,	  /* max items	at	item size	ops of the body	items of the slice at `at`; then the body (ended by OP_NEXT) runs once an item, the item being the image. imm's high half: max bytes, if
			     the body is OP_STRING alone, at 0: it need not be run */
	OP_EACH = 10,	  /* items	at	item size	ops of the body	none: runs the body for each item of the array at `at` in the image */
	OP_NEXT = 11,	  /* -		-	-		-		none: ends the body of OP_SLICE or OP_EACH */
	OP_INTERFACE = 12, /* 1 = has itab at	-		-		8 bytes: vaddr of the dynamic type; if dynamic_types knows it, an OP_IMAGE chunk with the value follows and its plan runs */
	OP_HEADER = 13,	  /* count	at	max bytes	string indices	first value of each key in the map[string][]string at `at`; c: four u8, in units of HEADER_UNIT; imm: the first key's string index (high u8; the others follow it), bit n - 1: a key of n bytes is among them */
	OP_CONTEXT = 14,  /* -		at	ops to skip	vaddr of key type	16 bytes (type, data) of the value with that key type in the context.Context at `at`: becomes the image */
	OP_TRACEPARENT = 15, /* count	at	max bytes	string indices	as OP_HEADER, but the first key's value has no chunk and no max: it is parsed into the frame's trace context.
			     With HEADER_MORE in count the next step is part of this one; a: how many keys tell of the trace context, c: what each of them is
			     (enum header_role, HEADER_ROLE_BITS each), imm: max bytes of the fifth value and those behind it (u8 each) */
	OP_WORDS = 16,	  /* count	-		-		offsets		the words of the image at up to four offsets (u8 each, in words) */
	OP_MAP = 17,	  /* max entries	at	group, body	layout		first entries of the map at `at`, key and value each padded to 8 bytes; then the body runs once an entry. c: bytes of a
				     group or bucket (high u16), ops of the body; layout: bytes of key and value (8 bits each), the keys' stride, the values' offset in the group and stride (12 each) */
	OP_CONSTANT = 18, /* bytes 4,8	at	high half	low half	none: stores the constant */
	OP_LABEL = 19,	  /* kind	at	size		place, choices	none: a label of the call's series (enum label_kind) */
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
	LABEL_FOUND = 6,   /* the same of a header that the last look-up was for, `at` in plan_strings; 254: there is none */
	LABEL_TEXT = 7,	   /* the string's first `size` bytes. Not where the code at `place` is the one in imm */
	LABEL_TYPE = 8,	   /* the linked address of the dynamic type of the interface, which has an itab, as the text */
	LABEL_SIZE = 9,	   /* no label: an integer of 8 bytes is the size of the body `place`, if it is not below `size` */
	LABEL_NOTE = 10,   /* the string in place of the text that is there; the label is NOTE_WHOLE */
	LABEL_PART = 11,   /* the string behind the text that is there; the label is where the first one begins, plus NOTE_PARTS. Not behind NOTE_WHOLE */
	LABEL_ONLY = 12,   /* no label: the interface, which has an itab, is made one of nil unless `size` is the linked address of its dynamic type */
};
#define LABEL_NOTED 5 /* place of what notes say of a call */
#define NOTE_WHOLE 1
#define NOTE_PARTS 2
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
};

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
};

#define SOURCE_BITS 6	   /* of each of OP_IMAGE's word sources */
#define WORD_SAVED 32	   /* in these: above all registers */
#define IMAGE_WORDS 10	   /* most words that OP_IMAGE fills: all of amd64's integer arguments */
#define STRINGS_AT_ONCE 5  /* of OP_STRING */
#define SLICE_STRINGS 4	   /* most strings that OP_SLICE reads itself */
#define MAX_HEADER_KEYS 15
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

/* ---- sites, probes, processes ---------------------------------------------------------------- */

enum site_action {
	SITE_ENTER = 1,	    /* a call begins */
	SITE_LEAVE = 2,	    /* RET or tail jump: ends the call with the same probe and depth */
	SITE_FINISH = 3,    /* ends the innermost open call of the probe, whatever the depth (presets) */
	SITE_SCOPE_END = 4, /* RET of an enclosing function: ends all calls deeper than it */
	SITE_GOROUTINE_END = 5, /* runtime.goexit1: ends all calls of the goroutine */
	SITE_PANIC = 6,	    /* runtime.gopanic: captures the value */
	SITE_RECOVERY = 7,  /* runtime.recovery, on g0: ends the calls that the panic unwound */
	SITE_GOEXIT = 8,    /* runtime.Goexit: ends all calls of the goroutine */
	SITE_BODY = 9,	    /* within a call: captures arguments that could not be read at its entry */
	SITE_INLINED = 10,  /* where an inlined call's code begins: counted and sent at once, its end is nowhere */
	SITE_KEEP = 11,	    /* as SITE_LEAVE; but if the function returned an object, the call goes on, known by its address */
	SITE_RELEASE = 12,  /* ends the call that goes on with that object, on whatever goroutine */
	SITE_NOTE = 13,	    /* captures something about the innermost open call of the probe, which goes on */
	SITE_START = 14,    /* runtime.newproc, on g0, calls runqput(p, g, true): the goroutine g was made */
	SITE_STATUS = 15,   /* runtime.casgstatus(g, old, new), on whatever goroutine */
	SITE_SYSCALL = 16,  /* runtime.reentersyscall and exitsyscall, where they set the status themselves (from Go 1.26 on) */
	SITE_SYSCALL_END = 17,
	/* Of outgoing.bpf.c, which is loaded only where headers are written: */
	SITE_PASS = 18,	      /* the innermost open call of the probe is known by a word from here on: outgoing_site.key */
	SITE_PASS_ON = 19,    /* the call that is known by that word is known by the goroutine now */
	SITE_WRITE_LINE = 20, /* HTTP/1.1: the next lines in a bufio.Writer are the request's headers */
	SITE_WRITE_BLOCK = 21, /* HTTP/2: an encoded header block is about to become a frame */
	SITE_PHASE = 22, /* a request of HTTP comes into another phase */
	/* With settings.messages; see messages.h: */
	SITE_MESSAGE_SENT = 23,	    /* on the stream in the register `object`; its header is where the register `object_at` points to */
	SITE_MESSAGE_AWAITED = 24,  /* the register `object` has the address of a parser: at `object_at` in it is its stream's, then the header that it reads */
	SITE_MESSAGE_RECEIVED = 25, /* by that parser */
	SITE_MESSAGE_RETRY = 26,    /* `object`: a register with a client's call; `object_at`: where it has its attempt (high u16), and that its stream */
};

enum site_flag {
	SITE_STACK_CHECK = 1, /* at the conditional jump to morestack: a taken jump is a restart, not a hit */
	SITE_TRACEPARENT = 4, /* of an entry: its plan has an OP_TRACEPARENT, where it is decided whether the call is sampled */
	SITE_LABELS_GO_ON = 8, /* of an entry with SITE_TRACEPARENT: there the first two steps of label_plan have been done */
	SITE_STACK_ABI = 2,   /* in code of Go's ABI0: arguments on the stack; on amd64 g in thread-local storage, not in R14 */
	SITE_SILENT = 16,     /* SITE_NOTE: only keeps words in the call's frame */
	SITE_REPEATS = 32,    /* SITE_FINISH: also hit when the call has ended there before */
};

struct site {
	__u64 vaddr; /* linked address of the probed instruction: load bias = IP - vaddr */
	__u32 action;
	__u32 flags;
	__u32 process_slot;
	__u32 probe;
	__u32 function; /* which function of the binary: two probes may share one */
	__u32 plan;	/* first op to run here; 0: nothing to capture */
	__u32 frame_bytes; /* by which SP is lower than at the function's entry */
	__u32 group; /* of the process: within an open call of its group the hit belongs to that one. 0: none */
	__u32 label_plan; /* of a call that is not sampled, in place of `plan` */
	__u32 object; /* SITE_PHASE: enum request_phase; SITE_KEEP, SITE_RELEASE: the register with the object's address, or of what has it … */
	__u32 object_at; /* … at this offset, if that is not 0; SITE_PHASE: enum phase_change */
	__u32 generation; /* hits count while it is the process's */
};

enum probe_flag {
	PROBE_SERVER = 1,  /* begins a trace of its own unless a server call encloses it */
	PROBE_HELD = 2,	   /* ended by SITE_FINISH: not abandoned by another function's entry at the same depth */
	PROBE_SEND_ARGUMENTS = 4, /* the capture at entry is sent at once as RECORD_ARGUMENTS */
	PROBE_LIMITED = 8, /* settings.captures_per_second holds for it */
	PROBE_PHASES = 32, /* of HTTP requests: settings.request_phases */
	PROBE_NOTED = 64,  /* SITE_NOTE says something of its calls that are not sampled, too */
	PROBE_KEEP_ARGUMENTS = 16, /* the capture at entry waits for the call's end; where it finds no room it is sent at once */
};

/* Where a call's context.Context is at its entry, an interface's two words. */
enum context_base {
	CONTEXT_NONE = 0,
	CONTEXT_REGISTERS = 1, /* `first` and `second` are registers' numbers */
	CONTEXT_STACK = 2,     /* `first` is a place above SP, in words */
};

struct context_place {
	__u8 base; /* enum context_base */
	__u8 first;
	__u8 second; /* where nothing is followed */
	__u8 hops;   /* of pointers: the first word is one to a struct which holds at at[0] the context, or with 2 … */
	__u16 at[2]; /* … a pointer to one that holds it at at[1] */
};

/* Which labels say that a call failed, of those that are not sampled. */
struct failure {
	__u8 code; /* place of a code plus 1; 0: none says it */
	__u8 set;  /* of a LABEL_PRESENT plus 1: it is set */
	__u8 text; /* 1: there is a text */
	__u8 pad;
	__u32 code_from; /* codes that are not below … */
	__u32 codes; /* … and these: a bit each */
};

struct probe {
	__u32 flags;
	__u32 abandoned_plan; /* run when the call ends in any way but its own exit site; 0: nothing */
	__u32 abandoned_label_plan;
	__u32 bounds; /* of its durations: the table in duration_bounds; from BOUNDS_TABLES on: none are counted */
	struct context_place context; /* of a server: by it calls on other goroutines are known to be the request's */
	struct failure failure;
	__u32 pad;
};

struct process {
	__u32 g_goid;	    /* offsets in runtime.g and runtime._panic */
	__u32 g_stack_hi;
	__u32 g_panic;
	__u32 panic_fp;
	__u32 map_kind;	    /* enum map_kind */
	__u32 generation;   /* of the sites whose hits count, with a flag while they change: see site-change.h */
	__u32 g_recovery_sp; /* before Go 1.22: offset in g of the recovering function's SP (sigcode0); 0: _panic.fp has it */
	__s32 thread_g;	    /* where a thread keeps g, from its FS base (amd64) */
	__u64 constants_vaddr; /* memory of the executable that is never written */
	__u64 constants_bytes;
	__u32 g_parent_goid; /* offset in runtime.g; 0: it has none */
	__u32 parents;	     /* calls may have parents on other goroutines */
	__u32 g_wait_reason; /* offset in runtime.g */
	__u32 pad;
	__u8 waits[WAIT_REASONS]; /* enum goroutine_activity by waitReason */
	__u64 context_types[CONTEXT_TYPES]; /* linked addresses of type descriptors: of contexts that hold their parent first, … */
	__u64 context_ends[CONTEXT_ENDS];   /* … and of those without one */
	__u64 context_itabs[CONTEXT_ITABS]; /* what the itabs at these addresses are; see parents.h */
	__u64 known_keys[KNOWN_KEYS]; /* what the keys of maps are that lie there; see map-walk.h */
};

/* Hits of no site count: the probes are going, calls would lose their ends. */
#define GENERATION_NONE 0xffffffff
#define CHANGE_BEGUN 0x40000000 /* the next generation is about to be attached */
#define CHANGE_DONE 0x80000000	/* the one before is about to be detached */

/* ---- headers that are written into requests ---- */

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
	__u32 first_key;	      /* string index of the first spelling of traceparent in a map; the other follows it */
	__u16 buffer_at;	      /* in bufio.Writer: the slice `buf`, … */
	__u16 written_at;	      /* … `n` and `err` */
	__u16 error_at;
	__u16 parameter_at; /* SITE_WRITE_BLOCK: of the HeadersFrameParam, above SP */
};

/* One struct a client's probe and CPU. */
struct outgoing_counters {
	__u64 passed;	/* requests on their way to a connection */
	__u64 written;	/* got the header */
	__u64 present;	/* had one already */
	__u64 no_room;	/* no room in the buffer, or the block has more than one frame */
	__u64 no_call;	/* no span: the call had begun before we attached, or its request is sent again */
	__u64 unsearched; /* too many headers to look through, or they could not be read */
	__u64 refused;	/* what is there is not what it should be */
	__u64 fault;	/* the memory could not be written */
};

enum map_kind { MAP_BUCKETS = 1 /* hmap, up to Go 1.23 */, MAP_SWISS = 2 };

/* ---- settings, constant once the object is loaded ------------------------------------------------ */

struct settings {
	__u64 pid_namespace_device; /* of /proc/self/ns/pid of the agent */
	__u64 pid_namespace_inode;
	__u32 wakeup_bytes;	    /* a power of two: the reader is woken each time so many more are unread */
	__u32 capture_limit;	    /* at most CAPTURE_BYTES */
	__u32 goroutine_slots;	    /* a power of two: entries of goroutine_slots that goroutines own; working copies follow */
	__u32 captures_per_second;  /* of each PROBE_LIMITED, in each second of CLOCK_BOOTTIME; 0: no limit */
	__u32 sampler;		    /* enum sampler_flag */
	__u32 traces_per_second;    /* most that begin here and are kept; 0: no limit */
	__u32 body_sizes;	    /* LABEL_SIZE counts */
	__u32 goroutine_times;	    /* 1: what goroutines do while their calls run is followed */
	__u32 timed_hits;	    /* one of so many hits is timed; 0: none */
	__u32 keep;		    /* enum keep_flag: calls that are not sampled and sent all the same */
	__u64 keep_slower_ns;	    /* those that took longer */
	__u32 request_phases;	    /* 1: where the time of HTTP requests goes is followed */
	__u32 messages;		    /* 1: messages of gRPC are counted */
	__u32 exponential;	    /* 1: the values of `series` are wide_series */
	__u32 pad;
};

enum keep_flag { KEEP_ERRORS = 1, KEEP_SLOW = 2 };

enum sampler_flag {
	SAMPLER_PARENT = 1, /* the decision that came with a traceparent holds */
};

/* What user space may change at any time. A trace is kept if bits 24 to 55 of its id are not below a threshold; 2^32: none is. */
struct sampling {
	__u64 threshold;
	__u64 configured; /* what it is without overload and limit */
	__u64 parent_threshold; /* of traces that a parent has decided to keep; 0 without overload */
};

/* What the agent lowers the threshold by. */
struct pressure {
	__u64 window;  /* this second (high 32 bits) and how many traces began to be kept in it */
	__u64 offered; /* traces that the configured sampler would keep; only with settings.traces_per_second */
	__u64 lost;    /* records that found no room */
};

/* ---- durations of calls whose records are not sent ------------------------------------------------ */

/* Calls that metrics tell apart, key of the `series` map. */
struct series_key {
	__u32 probe;
	__u16 end;	  /* enum call_end, or SERIES_REST */
	__u8 text_status; /* enum text_status */
	__u8 text_bytes;
	__u8 labels[LABELS];
	__u8 text[LABEL_TEXT_BYTES];
};

enum text_status { TEXT_NONE = 0, TEXT_WHOLE = 1, TEXT_CUT = 2 };

/* Series of calls of which nothing is told apart: the table was full, or the record was lost. The text is empty. */
#define SERIES_REST 255

struct body_sizes {
	__u64 sum;
	__u64 min; /* plus 1: 0 before the first one */
	__u64 max;
	__u64 counts[SIZE_BOUNDS + 1];
};

struct series {
	__u64 sum_ns;
	__u64 min_ns; /* plus 1: 0 before the first one */
	__u64 max_ns;
	__u64 counts[DURATION_BOUNDS + 1]; /* of durations up to each bound, and above the last */
	struct body_sizes sizes[SIZES];	   /* in bytes, of calls of which they are known */
};

/* The same values in an exponential histogram's buckets too: the first is of 0. */
struct wide_series {
	struct series series;
	__u64 exponential_counts[EXPONENTIAL_BUCKETS];
	__u64 exponential_sizes[SIZES][EXPONENTIAL_SIZE_BUCKETS];
};

/* ---- counters: one struct per probe and CPU --------------------------------------------------- */

struct probe_counters {
	__u64 seen;		 /* calls: entries, restarts by morestack excluded */
	__u64 ended[5];		 /* by enum call_end */
	__u64 restarts;		 /* taken jumps to morestack */
	__u64 entered_before;	 /* exits without an open call: it began before we attached */
	__u64 ring_full;	 /* calls whose record found no room */
	__u64 goroutine_table_full;
	__u64 frame_stack_full;
	__u64 scratch_busy;	 /* calls that began while more programs were preempted on one CPU than there are scratch buffers */
	__u64 no_goroutine;	 /* g could not be read */
	__u64 arguments_ring_full; /* entry captures lost; the call itself is not */
	__u64 not_captured;	 /* calls whose values were not read: captures_per_second */
	__u64 sampled_out;	 /* ended calls that were not sampled: no record was made */
	__u64 unpaired_unsampled; /* of those whose exit was not seen; not in sampled_out */
	__u64 shed;		 /* of sampled_out: by overload or traces_per_second; the sampler would have kept them */
	__u64 uncounted;	 /* ended calls whose duration is in no series */
	__u64 unlabelled;	 /* of which it is in the series of the rest: `series` was full */
	__u64 times_ring_full;	 /* calls of which it is not known what their goroutine did: the record found no room */
	__u64 times_no_room;	 /* … the goroutine has no slot of its own, or too many open calls */
	__u64 phases_ring_full;	 /* requests of which it is not known where their time went: as times_ring_full … */
	__u64 phases_no_room;	 /* … as times_no_room */
	__u64 panics_ring_full;	 /* records of panics that found none */
	__u64 time_ns;		 /* that the program took for hits of its sites: of one in settings.timed_hits */
};

#endif
