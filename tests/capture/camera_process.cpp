#include "tests/capture/camera_process.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace mj::test {

CameraProcess::CameraProcess(const std::vector<std::string>& cameras, int port) {
  std::vector<std::string> words{MJ_CAMERA_SERVER, "--port", std::to_string(port)};
  for (const std::string& camera : cameras) {
    words.emplace_back("--camera");
    words.push_back(camera);
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  std::array<int, 2> pipe_ends{};
  if (pipe(pipe_ends.data()) != 0) throw std::runtime_error("pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, pipe_ends[0]);
  const int error = posix_spawn(&pid_, MJ_CAMERA_SERVER, &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  output_ = pipe_ends[0];
  if (error != 0) throw std::runtime_error("cannot start " MJ_CAMERA_SERVER);

  std::string line;
  char c = 0;
  while (read(output_, &c, 1) == 1 && c != '\n') line += c;
  const auto begin = line.find("rtsp://");
  if (begin == std::string::npos) throw std::runtime_error("the camera server does not listen: " + line);
  base_ = line.substr(begin);
  port_ = std::stoi(base_.substr(base_.rfind(':') + 1));
}

CameraProcess::~CameraProcess() {
  kill();
  close(output_);
}

void CameraProcess::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace mj::test
