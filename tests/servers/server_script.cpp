#include <tests/servers/server_script.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>

namespace stream::testing {

namespace {

std::string run_command(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  std::string output;
  std::array<char, 4096> part;
  for (std::size_t size = 0; (size = fread(part.data(), 1, part.size(), pipe)) > 0;)
    output.append(part.data(), size);
  if (pclose(pipe) != 0) throw std::runtime_error(command + " failed:\n" + output);
  return output;
}

}  // namespace

ServerScript::ServerScript(std::string script, const std::string& arguments, pid_t owner)
    : script_(std::move(script)), owner_(owner == 0 ? getpid() : owner) {
  // The server may run as a user of its own.
  std::filesystem::permissions(directory_ / "", std::filesystem::perms(0755));
  run("start " + arguments);
}

ServerScript::~ServerScript() {
  try {
    run("stop");
  } catch (const std::exception& error) {
    std::fputs(error.what(), stderr);
  }
}

std::string ServerScript::run(const std::string& command) {
  return run_command(fmt::format("STREAM_SERVERS_RUN='{}' STREAM_SERVERS_OWNER={} {}/{} {} 2>&1",
                                 directory_ / "", owner_, STREAM_SERVERS, script_, command));
}

std::string ServerScript::variable(const std::string& name) {
  std::istringstream lines(run("env"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + "=")) return line.substr(name.size() + 1);
  }
  throw std::runtime_error(fmt::format("tests/servers/{} env has no {}", script_, name));
}

std::string server_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0')
    throw std::runtime_error(name +
                             " is not set; run this test by tests/run, which starts the server");
  return value;
}

}  // namespace stream::testing
