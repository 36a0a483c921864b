#include "tests/support/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

namespace mj::test {

Child::Child(const std::vector<std::string>& argv, const std::filesystem::path& output, int inherited_fd) {
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const std::string target = output.empty() ? "/dev/null" : output.string();
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int out = open(target.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  if (inherited_fd >= 0) fcntl(inherited_fd, F_SETFD, 0);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

Child::~Child() {
  signal(SIGKILL);
  wait();
}

void Child::signal(int number) const {
  if (pid_ > 0) kill(pid_, number);
}

int Child::wait() {
  int status = 0;
  if (pid_ <= 0 || waitpid(pid_, &status, 0) != pid_) return -1;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

namespace {

/// One that no other test process picks: a number that Xvfb chose by itself could be taken by another test
/// while this one has its display down.
std::string display_of_our_own() {
  static int made = 0;
  return ":" + std::to_string(1000 + getpid() % 6000 * 8 + made++ % 8);
}

}  // namespace

Xvfb::Xvfb(const std::string& display, int depth) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
  std::vector<std::string> argv{"Xvfb", display.empty() ? display_of_our_own() : display};
  argv.insert(argv.end(), {"-displayfd", std::to_string(ends[1]), "-screen", "0",
                           "640x480x" + std::to_string(depth), "-nolisten", "tcp", "-noreset"});
  child_ = std::make_unique<Child>(argv, "", ends[1]);
  close(ends[1]);
  std::string number;
  for (char c = 0; read(ends[0], &c, 1) == 1 && c != '\n';) number += c;
  close(ends[0]);
  if (number.empty()) throw std::runtime_error("Xvfb does not start");
  display_ = ":" + number;
}

void Xvfb::kill() {
  child_.reset();
}

}  // namespace mj::test
