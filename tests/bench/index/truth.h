#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/bench/index/big_hall.h"

/// A day of a hall of which it is known who sat where about what, and what the hall's systems tell of it.
namespace mj::bench {

struct TrueVisit {
  int window = 0;      ///< from 1
  std::string ticket;  ///< that the queue system showed for it; empty without one
  WallTime from, to;   ///< the visitor sat there
  std::vector<std::string> cases;
};

/// What a feed tells, and when it does.
struct ToldEvent {
  std::string feed;
  WallTime arrives;
  index::Event event;
};

struct ShownTitle {
  StreamKey stream;
  WallTime at;
  std::string title;
};

struct TrueDay {
  config::Settings settings;
  std::vector<TrueVisit> visits;
  std::vector<ToldEvent> told;    ///< by arrival
  std::vector<ShownTitle> shown;  ///< by time
};

/// The same for the same arguments. `queue`: a queue system tells of tickets; without, all there is are the
/// approval system's steps, the roster and the screens. The steps never name a window: upload tables have
/// none.
[[nodiscard]] TrueDay true_day(uint64_t seed, int windows, bool queue);

/// What became of the day in the index.
struct Judged {
  struct Count {
    int right = 0, wrong = 0;
  };
  std::map<std::string, Count> rules;  ///< links by the rule that made them
  int pairs = 0, found = 0;            ///< visits and their cases, of cases that some feed told
  std::vector<std::string> mistakes;   ///< a line each, with its rule

  [[nodiscard]] double precision() const;
  [[nodiscard]] double recall() const { return pairs == 0 ? 1 : static_cast<double>(found) / pairs; }
  void add(const Judged& other);
};

/// Tells a fresh index in `directory` everything, in the order of arrival, and compares its links with what
/// was so. A link of a visit with a ticket is right when that ticket's visitor came about that case; of an
/// inferred visit, when somebody sat there then about it, give or take a minute.
[[nodiscard]] Result<Judged> judge(const std::filesystem::path& directory, const TrueDay& day);

}  // namespace mj::bench
