#ifndef TESTS_UNIT_TEMPORARY_FOLDER_H
#define TESTS_UNIT_TEMPORARY_FOLDER_H

/* A new empty folder, for the owner only. It goes with all that is in it when the program ends, also after a
 * test that failed; so does the text, its path. Ends the program when there can be none. */
const char *temporary_folder(void);

#endif
