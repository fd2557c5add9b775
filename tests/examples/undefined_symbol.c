/* A library with a function that nobody has. The loader only finds out when it is called. */
void nobody_has_this(void);
void calls_it(void);
void calls_it(void) { nobody_has_this(); }
