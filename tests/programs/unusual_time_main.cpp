/// @file
/// A program linked with the library of unusual_time.cpp.
extern "C" void unusual_time();

int main() { unusual_time(); }
