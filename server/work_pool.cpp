#include "server/work_pool.h"

#include "config/config.h"

namespace mj::server {

WorkPool::WorkPool(int threads) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this, i] {
      name_thread(fmt::format("work-{}", i).c_str());
      context_.run();
    });
  }
}

WorkPool::~WorkPool() {
  stop();
}

void WorkPool::stop() {
  guard_.reset();  // threads leave when nothing is queued any more
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace mj::server
