// GLib replaces its table of interned strings as it grows and leaves the old one to readers that take no
// lock.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libglib-2.0.so\n";
}
