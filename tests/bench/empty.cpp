/// @file
/// An empty library, linked with the compiler's defaults: the cost of any preload library.
extern "C" void empty();
void empty() {}
