/* Certificates made on the spot, all by one authority, in files of a temporary folder. */
#ifndef TESTS_SMTP_CERTIFICATES_H
#define TESTS_SMTP_CERTIFICATES_H

#define CERTIFICATE_HOST "mx.acme.example"

struct certificates {
	const char *folder;
	char authority[96]; /* file */
	char key[96];	    /* file, of all of them */
};

/* "good" for CERTIFICATE_HOST, "expired", "wrong-name", "self-signed". */
void certificates_make(struct certificates *ret);
void certificates_file(const struct certificates *certificates, const char *name, char out[static 96]);

#endif
