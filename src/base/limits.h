/* Every limit on what comes from outside, with its reason. Those that an operator may change are defaults of
 * the node configuration or of account settings, which name them again; the others are fixed. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include "base/clock.h"

/* Mail, whole. */
#define LIMIT_MAIL_BYTES_DEFAULT (INT64_C(200) << 20)
/* Sealed content up to the first is kept in the database row, up to the second in a pack; larger is a blob of
 * its own. A database writes a row twice and in pages; a new file with its sync costs five appends. */
#define LIMIT_BODY_IN_ROW_BYTES (16 * 1024)
#define LIMIT_BODY_IN_PACK_BYTES (256 * 1024)

/* MIME structure: past these the mail is refused at SMTP time (552, 554). Postfix's figures where it has one.
 */
#define LIMIT_MIME_DEPTH 50
#define LIMIT_MIME_PARTS 1000
#define LIMIT_MIME_HEADER_BYTES (100 * 1024)	 /* of one header block, the mail's own or a part's */
#define LIMIT_MIME_HEADERS_TOTAL_BYTES (1 << 20) /* of all header blocks together */
#define LIMIT_MIME_HEADER_FIELDS 1000		 /* in one block */
#define LIMIT_MIME_BOUNDARY_BYTES 8192		 /* of a longer one only the begin is compared */
#define LIMIT_MIME_PARAMETERS 100     /* of one field, and the highest continuation index (RFC 2231) */
#define LIMIT_INSIDE_OPENED 10	      /* encoded parts of a mail that are opened when it is read */
#define LIMIT_INSIDE_BYTES (64 << 20) /* decoded for all of them, and for what each lies in */
#define LIMIT_TNEF_ITEMS 20000	      /* attributes and properties of a winmail.dat */
#define LIMIT_RTF_DEPTH 200	      /* groups in each other; what is deeper is left out */
#define LIMIT_RTF_PAGES 16	      /* code pages of one text */
#define LIMIT_RTF_BYTES (16 << 20)    /* that the compressed RTF in it becomes */
/* Decoded again, since something before was asked for: this, and so many times all that was opened. */
#define LIMIT_INSIDE_READ_BACK_BYTES (32 << 20)
#define LIMIT_INSIDE_READ_BACK_TIMES 16
#define LIMIT_FILE_NAME_BYTES 255	    /* after decoding; the extension is kept */
#define LIMIT_FILE_NAME_CANDIDATES 8	    /* differing names one part may claim */
#define LIMIT_REFERENCES 1000		    /* Message-IDs that a mail refers to */
#define LIMIT_ADDRESSES_SHOWN 500	    /* addresses of To, and of Cc */
#define LIMIT_ADDRESSES_READ 5000	    /* the same, to tell who is Bcc; a header block holds few more */
#define LIMIT_SUBJECT_BYTES 2000	    /* after decoding, for display */
#define LIMIT_RULE_NAMES_BYTES 300	    /* of all definitions of one message */
#define LIMIT_DISPLAY_NAME_BYTES 255	    /* after decoding */
#define LIMIT_HTML_BYTES (4 << 20)	    /* of one HTML part that is cleaned for display */
#define LIMIT_HTML_TOGETHER_BYTES (2 << 20) /* of several such parts; beyond it words alone are shown */
#define LIMIT_HTML_SHEET_BYTES (256 * 1024) /* of one style sheet; longer ones are left out */
#define LIMIT_TEXT_SHOWN_BYTES (2 << 20)
#define LIMIT_TEXT_READ_BYTES (8 << 20) /* of several text parts, to find the words that are shown */
#define LIMIT_HTML_DEPTH 200
#define LIMIT_HTML_NODES 200000
#define LIMIT_HTML_OPEN 2000 /* elements without an end; the parser goes through them at each tag */
#define LIMIT_HTML_PARSE_BYTES (24 << 20) /* memory of the parser, which repeats open formatting */

/* Previews of files, each in a process of its own. */
#define LIMIT_PREVIEW_SOURCE_BYTES (32 << 20)  /* of a file */
#define LIMIT_PREVIEW_MEMORY_BYTES (512 << 20) /* of the process */
#define LIMIT_PREVIEW_CPU_S 10
#define LIMIT_PREVIEW_MS (20 * MS_SECOND)		/* from its start to its end */
#define LIMIT_PREVIEW_PIXELS (40 << 20)			/* of a picture, before it is made smaller */
#define LIMIT_PREVIEW_JPEG_PIXELS (UINT64_C(400) << 20) /* the same of JPEG, which is decoded smaller */
#define LIMIT_PREVIEW_JPEG_WARNINGS 100			/* then it is not worth reading on */
#define LIMIT_PREVIEW_GIF_RECORDS 1000			/* before its first image */
#define LIMIT_PREVIEW_SIDE 1600				/* pixels of what is shown */
#define LIMIT_PREVIEW_BYTES (12 << 20)			/* of what is shown */
#define LIMIT_PREVIEW_PAGES 2000			/* of a PDF file, that can be turned to */
#define LIMIT_PREVIEWS_AT_ONCE 2
#define LIMIT_PREVIEWS_WAITING 4	       /* each holds a worker of the portal */
#define LIMIT_PREVIEW_WAIT_MS (10 * MS_SECOND) /* for one of these */

/* Sending (R11). */
#define LIMIT_SENDING_RECIPIENTS 500  /* different ones outside, of one licensed user in a calendar month */
#define LIMIT_PACK_RECIPIENTS 1000000 /* more that one pack gives */
#define LIMIT_LICENCES 10000000

/* Why a message is recalled, as its recipients are shown it. */
#define LIMIT_RECALL_REASON_BYTES 1000

/* Requests to people outside. */
#define LIMIT_INQUIRY_PURPOSE_BYTES 500
#define LIMIT_INQUIRY_DAYS 90
#define LIMIT_INQUIRY_KEPT_MS (90 * MS_DAY) /* after its end; what came is kept as any message */
#define LIMIT_INQUIRY_MB 1000		    /* of all answers to one together */
#define LIMIT_INQUIRY_ANSWERS 50	    /* to one */
#define LIMIT_INQUIRIES_A_DAY 100	    /* of one asker */
#define LIMIT_INQUIRIES_SHOWN 100

/* Addresses (RFC 5321 4.5.3.1, RFC 3696 erratum 1690). */
#define LIMIT_ADDRESS_BYTES 254
#define LIMIT_LOCAL_PART_BYTES 64
#define LIMIT_DOMAIN_BYTES 253

/* SMTP server sessions. */
#define LIMIT_SMTP_LINE_BYTES                                                                                \
	2048 /* a command line; RFC 5321 asks for 512, AUTH for 12,288 in its own state */
#define LIMIT_SMTP_AUTH_LINE_BYTES 12288 /* RFC 4954 section 4 */
#define LIMIT_SMTP_RECIPIENTS 1000	 /* of one transaction */
#define LIMIT_SMTP_HOPS 30		 /* Received fields, then it is a loop */
#define LIMIT_SMTP_SOFT_ERRORS 10	 /* then each answer is held back */
#define LIMIT_SMTP_SOFT_DELAY_MS MS_SECOND
#define LIMIT_SMTP_ERRORS 20		   /* then 421 */
#define LIMIT_SMTP_JUNK_COMMANDS 100	   /* NOOP, RSET, VRFY … without a mail */
#define LIMIT_SMTP_SESSIONS 500		   /* at once, on the node */
#define LIMIT_SMTP_SESSIONS_PER_NETWORK 50 /* at once, of one network that is not an authorised source */
#define LIMIT_SMTP_STRANGERS                                                                                 \
	250 /* at once, not authorised: they may not use up the sessions of those who are */
#define LIMIT_SMTP_PATIENCE_MS                                                                               \
	(10 * MS_SECOND)		      /* with all sessions taken, one that waits longer makes room */
#define LIMIT_SMTP_COMMAND_MS (5 * MS_MINUTE) /* wait for a command */
#define LIMIT_SMTP_STRANGER_COMMAND_MS                                                                       \
	(30 * MS_SECOND)			/* the same for one that is not an authorised source */
#define LIMIT_SMTP_DATA_IDLE_MS (3 * MS_MINUTE) /* wait for more of a mail */
#define LIMIT_SMTP_DATA_RATE 500		/* bytes a second on average, after the time of grace */
#define LIMIT_SMTP_DATA_GRACE_MS MS_MINUTE
#define LIMIT_SMTP_HANDSHAKE_MS (30 * MS_SECOND)
#define LIMIT_SMTP_MAILS_PER_SESSION 10000

/* SMTP client (RFC 5321 4.5.3.2; the waits before a mail is offered are shorter, so that a dead server does
 * not hold up a worker for long). */
#define LIMIT_SMTP_CLIENT_CONNECT_MS (30 * MS_SECOND)
#define LIMIT_SMTP_CLIENT_GREETING_MS (2 * MS_MINUTE) /* some servers make strangers wait a minute */
#define LIMIT_SMTP_CLIENT_COMMAND_MS (5 * MS_MINUTE)
#define LIMIT_SMTP_CLIENT_BLOCK_MS (3 * MS_MINUTE)
#define LIMIT_SMTP_CLIENT_END_MS (10 * MS_MINUTE)
#define LIMIT_SMTP_CLIENT_ADDRESSES 16 /* of one host, tried for one mail */
#define LIMIT_SMTP_CLIENT_PIPELINE 50  /* commands sent before replies are read, or both sides could block */
#define LIMIT_SMTP_CLIENT_IDLE 50      /* connections kept open for the next mail */
#define LIMIT_SMTP_CLIENT_IDLE_MS (5 * MS_SECOND) /* and for how long */
#define LIMIT_SMTP_CLIENT_MAILS 100		  /* over one connection */
#define LIMIT_DELIVERY_BATCH                                                                                 \
	100 /* recipients of one transaction: what every server takes, RFC 5321 4.5.3.1.8 */
#define LIMIT_DNS_MS (30 * MS_SECOND) /* for the answer to one question */
#define LIMIT_NODES 100 /* that deliver at once; more work, but nobody sees that one of them died */
#define LIMIT_SMTP_REPLY_LINE_BYTES 2048 /* RFC 5321 asks for 512 */
#define LIMIT_SMTP_REPLY_LINES 100
#define LIMIT_SMTP_REPLY_BYTES (64 * 1024)

/* HTTP. */
#define LIMIT_HTTP_HEADER_BYTES (32 * 1024)
#define LIMIT_HTTP_FORM_BYTES (1 << 20) /* all fields of a form that are not files */
#define LIMIT_HTTP_FORM_FIELDS 200
#define LIMIT_HTTP_FILES 100
#define LIMIT_HTTP_CONNECTIONS 2000
#define LIMIT_HTTP_IDLE_S 30
/* For handshake and head of a request, and between requests. */
#define LIMIT_HTTP_HEAD_MS (20 * MS_SECOND)
/* After this time bodies either way must have moved at this rate: slow clients are gone within a minute. */
#define LIMIT_HTTP_GRACE_MS (25 * MS_SECOND)
#define LIMIT_HTTP_TELL_MS (5 * MS_SECOND)     /* until a slow body's next bytes: 408 needs them under TLS */
#define LIMIT_HTTP_RATE 4096		       /* bytes a second on average */
#define LIMIT_HTTP_CONNECTIONS_PER_ADDRESS 200 /* offices share one address; not applied behind a proxy */
#define LIMIT_HTTP_DRAIN_BYTES (512 << 20) /* of a refused upload read and dropped, so the answer is seen */
#define LIMIT_HTTP_SEGMENTS 16		   /* of a path */
#define LIMIT_HTTP_QUERY_PAIRS 50
#define LIMIT_HTTP_COOKIES 50
#define LIMIT_HTTP_PART_HEADER_BYTES (8 * 1024) /* of one part of a form */
#define LIMIT_HTTP_BODY_BYTES (16 << 20)	/* of a page that is built in memory */
#define LIMIT_ASSET_BYTES (4 << 20)
#define LIMIT_HTTP_WAITING 256	  /* complete requests that wait for a worker; beyond: 503 */
#define LIMIT_EXPORT_MESSAGES 200 /* in one ZIP file */
#define LIMIT_EXPORT_PARTS 1000	  /* of one folder */
#define LIMIT_PAGE_ROWS 25	  /* such a page weighs less than 60 KB, however long its rows are */
#define LIMIT_SEARCH_TEXT_BYTES 200
#define LIMIT_SEARCH_MESSAGES 20000	      /* the newest of a folder are looked into */
#define LIMIT_SEARCH_SOURCE_BYTES (64 * 1024) /* of a part's text, from its beginning */
#define LIMIT_SEARCH_SOURCES_BYTES (2 << 20)  /* the same of all parts of a mail together */
#define LIMIT_SEARCH_INSIDE_BYTES (8 << 20)   /* of encoded parts, opened at intake for their words */
#define LIMIT_SEARCH_INSIDE_PARTS 50	      /* heads and texts of attached mails that are searched */
#define LIMIT_SEARCH_WORDS_BYTES (8 * 1024)   /* different words of a message */
#define LIMIT_CHOSEN_MESSAGES 100	      /* of a list, for one act */
#define LIMIT_LOGO_BYTES (16 << 10)	      /* it is on every page, and those weigh less than 60 KB */

/* Access codes. */
#define LIMIT_ACCESS_CODE_LEAST 6
#define LIMIT_ACCESS_CODE_BYTES 64
#define LIMIT_ACCESS_CODE_TRIES 5 /* wrong ones of one person for one message in the window … */
#define LIMIT_ACCESS_CODE_WINDOW_MS (15 * MS_MINUTE)
#define LIMIT_ACCESS_CODE_TRIES_DAY 20 /* … and in a day */

/* Templates. */
#define LIMIT_TEMPLATE_BYTES (256 * 1024)
#define LIMIT_TEMPLATE_DEPTH 64	     /* sections and partials within each other, parsed and rendered */
#define LIMIT_TEMPLATE_STEPS 1000000 /* tags and texts of one rendering: partials may include each other */
#define LIMIT_TEMPLATE_OUTPUT_BYTES (16 << 20)
#define LIMIT_TEMPLATES 1000
#define LIMIT_LANGUAGE_BYTES (1 << 20)
#define LIMIT_LANGUAGES 200
#define LIMIT_ZONE_BYTES (64 * 1024) /* a TZif file; the largest real one has 4 KB */
#define LIMIT_ZONES 2000	     /* there are 600 names */

/* Sign-in. */
#define LIMIT_ADDRESSES 10	/* of one person, the main one included */
#define LIMIT_SHARED_MEMBERS 50 /* people who use one address together */
#define LIMIT_CODE_DIGITS 8
#define LIMIT_CODE_MS (15 * MS_MINUTE)
#define LIMIT_CODE_TRIES 5
#define LIMIT_FACTOR_CODE_BYTES 60 /* of a second factor, as typed */
#define LIMIT_PASSKEY_CHALLENGE_MS (5 * MS_MINUTE)
#define LIMIT_PASSKEY_ID_BYTES 1023		    /* WebAuthn 4, "Credential ID" */
#define LIMIT_PASSKEY_CLIENT_BYTES 4096		    /* of clientDataJSON */
#define LIMIT_PASSKEY_ATTESTATION_BYTES (16 * 1024) /* with the certificates of those that attest unasked */
#define LIMIT_PASSKEY_SIGNATURE_BYTES 1024
/* How long ago somebody may have shown who it is that changes how a person signs in. */
#define LIMIT_PROOF_MS (10 * MS_MINUTE)
#define LIMIT_SESSION_DUE_MS (15 * MS_MINUTE) /* of a session that waits for its second factor */
#define LIMIT_LATE_FORM_MS (24 * MS_HOUR)     /* after a session's end, that what was written in it is kept */
#define LIMIT_DEVICE_MS (180 * MS_DAY)	      /* a browser is known since its last sign-in */
#define LIMIT_PASSWORD_CHARACTERS_MIN 10
#define LIMIT_PASSWORD_BYTES_MAX 256
#define LIMIT_PASSWORD_HASHES_AT_ONCE 4 /* 64 MiB each */

#endif
