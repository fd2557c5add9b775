/* A library that needs more than libc. */
int needed_value(void);
int uses_it(void);
int uses_it(void) { return needed_value(); }
