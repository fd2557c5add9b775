/* A library that calls a function which no library defines. The loader notices only when it is called. */
void nobody_has_this(void);
void calls_it(void);
void calls_it(void) { nobody_has_this(); }
