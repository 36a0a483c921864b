// A fuzzer's corpus without the fuzzer, in every build and quickly: each input, and each input cut short
// anywhere. A corpus is text, an input a line of hexadecimal digits; lines with # are remarks.
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<uint8_t>;

/// Nothing for a line that is none.
Input parse(const std::string& line) {
  Input input;
  for (std::size_t at = 0; at + 1 < line.size(); at += 2)
    input.push_back(static_cast<uint8_t>(std::stoi(line.substr(at, 2), nullptr, 16)));
  return input;
}

std::vector<Input> read_corpus(const std::string& path) {
  std::vector<Input> inputs;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') inputs.push_back(parse(line));
  }
  return inputs;
}

/// Each input a file of its own, as libFuzzer wants a corpus.
void unpack(const std::vector<Input>& inputs, const std::string& folder) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    std::ofstream file(folder + "/" + std::to_string(i), std::ios::binary);
    file.write(reinterpret_cast<const char*>(inputs[i].data()),
               static_cast<std::streamsize>(inputs[i].size()));
  }
}

void replay(const std::vector<Input>& inputs) {
  std::size_t runs = 0;
  for (const Input& input : inputs) {
    for (std::size_t size = 0; size <= input.size(); ++size, ++runs) {
      const Input cut(input.begin(),
                      input.begin() + static_cast<std::ptrdiff_t>(size));  // so that a sanitizer sees its end
      LLVMFuzzerTestOneInput(cut.data(), cut.size());
    }
  }
  std::cout << inputs.size() << " inputs, " << runs << " runs\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: replay_NAME CORPUS [FOLDER]; with a folder, the inputs are written there\n";
    return 2;
  }
  const auto inputs = read_corpus(argv[1]);
  if (inputs.empty()) {
    std::cerr << argv[1] << ": no inputs\n";
    return 2;
  }
  argc == 3 ? unpack(inputs, argv[2]) : replay(inputs);
  return 0;
}
