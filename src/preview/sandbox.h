/* What the program that reads hostile pictures and PDF files may still do. Called before the first byte is
 * read; none can be taken back. */
#ifndef PREVIEW_SANDBOX_H
#define PREVIEW_SANDBOX_H

#include <stdbool.h>

/* Bounds on memory, processor time and files, and no open files besides the three standard ones. */
bool sandbox_limit(void);

/* Read from, and write to, what is open; have memory; end. Anything else ends the process. */
bool sandbox_close(void);

/* The same for another program, which is to be started: it may read what it needs to run (libraries, fonts)
 * and no other file, write to none, have no socket and start nothing. False on systems that cannot hold it to
 * that. */
bool sandbox_close_for_program(void);

#endif
