/* A library that another one needs. */
int needed_value(void);
int needed_value(void) { return 1; }
