/// @file
/// A library with nothing in it, linked as compilers do by themselves: what any preload library costs.
extern "C" void empty();
void empty() {}
