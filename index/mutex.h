#pragma once

#include <condition_variable>
#include <mutex>

// Clang's thread-safety attributes; nothing elsewhere.
#if defined(__clang__)
#define MJ_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define MJ_THREAD_ATTRIBUTE(x)
#endif
#define MJ_GUARDED_BY(mutex) MJ_THREAD_ATTRIBUTE(guarded_by(mutex))
#define MJ_REQUIRES(mutex) MJ_THREAD_ATTRIBUTE(requires_capability(mutex))

namespace mj::index {

/// std::mutex with the attributes that let the compiler prove that guarded data is only touched under its
/// lock
/// (-Wthread-safety; libstdc++'s own mutex has none). Private to the index.
class MJ_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() MJ_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() MJ_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/// Holds a Mutex for a scope.
class MJ_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) MJ_THREAD_ATTRIBUTE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() MJ_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace mj::index
