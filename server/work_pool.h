#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <thread>
#include <vector>

#include "server/net.h"

namespace mj::server {

/// The threads ("work-0" …) on which handlers touch disk and SQL. Owner: the Server. Each connection has at
/// most one task here, so the queue is bounded by the number of connections. Does not: cancel; stop() waits
/// for all tasks, so that no coroutine is left hanging. A disk that never answers is the business of the
/// process's own deadline.
class WorkPool {
 public:
  explicit WorkPool(int threads);
  ~WorkPool();  // stops
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  void stop();

  [[nodiscard]] asio::io_context::executor_type executor() { return context_.get_executor(); }
  /// At most one task at a time: password hashing, which costs 64 MiB each.
  [[nodiscard]] const asio::strand<asio::io_context::executor_type>& one_at_a_time() const { return strand_; }

 private:
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_{context_.get_executor()};
  asio::strand<asio::io_context::executor_type> strand_{context_.get_executor()};
  std::vector<std::thread> threads_;
};

/// Runs `task` on `executor` and resumes the caller where it was, with the result. An exception of the task
/// comes too.
template <class Executor, class Task>
asio::awaitable<std::invoke_result_t<Task&>> run_on(Executor executor, Task task) {
  using T = std::invoke_result_t<Task&>;
  co_return co_await asio::co_spawn(
      executor, [task = std::move(task)]() mutable -> asio::awaitable<T> { co_return task(); },
      asio::use_awaitable);
}

/// `auto hits = co_await on_work(services.work, [&] { return index.recent_cases(20); });`
/// What the task borrows must live until it is done; the caller's coroutine frame does.
template <class Task>
asio::awaitable<std::invoke_result_t<Task&>> on_work(WorkPool& pool, Task task) {
  return run_on(pool.executor(), std::move(task));
}

}  // namespace mj::server
