// SPDX-License-Identifier: Apache-2.0
// Python objects in a .pth: passed over beside tensors, named in errors, never run.
#include "hqsam/tensorfile/state_dict.h"
#include "pickled.h"

namespace hqsam {
namespace {

std::string global(const std::string& module, const std::string& name) { return "c" + module + "\n" + name + "\n"; }

const std::string kCall = global("os", "system") + tuple({text("touch ran")}) + "R";

// Values that are no tensors, as Python writes them.
std::vector<std::pair<std::string, std::string>> objects() {
  return {
      {"a call", kCall},
      {"a call by STACK_GLOBAL", text("builtins") + text("eval") + "\x93" + tuple({text("1")}) + "R"},
      {"a class", global("numpy", "float64")},
      {"an object with attributes", global("argparse", "Namespace") + ")\x81}(" + text("lr") + "K\x01ub"},
      {"an object of keywords", global("a", "B") + ")}\x92"},
      {"an object of a class of Python 2", "(N" + std::string("ia\nB\n")},
      {"another object of Python 2", "(" + global("a", "B") + "No"},
      {"a dict of its own class", global("a", "Dict") + ")\x81(" + text("k") + "K\x01u"},
      {"a list of its own class", global("a", "List") + ")\x81(K\x01K\x02" + "eK\x03" + "a"},
      {"a set", "\x8f(K\x01K\x02\x90"},
      {"a frozen set", "(K\x01\x91"},
      {"an array", global("numpy.core.multiarray", "_reconstruct") +
                       tuple({global("numpy", "ndarray"), tuple({number(0)}), text("b")}) + "R(K\x01tb"},
      {"a scalar", global("numpy.core.multiarray", "scalar") +
                       tuple({global("numpy", "dtype") + tuple({text("f8")}) + "R", text("x")}) + "R"},
      {"a result that is called", kCall + ")R"},
      {"a dict of an object", global("collections", "OrderedDict") + tuple({kCall}) + "R"},
      {"an OrderedDict with attributes", global("collections", "OrderedDict") + ")R}b"},
      {"bytes that change", "\x96" + packed<uint64_t>(3) + "abc"},
      {"one value twice", "](K\x01" + std::string("2e")},
  };
}

class PthObjects : public PthPickle {};

}  // namespace

TEST_F(PthObjects, ArePassedOverBesideTensors) {
  for (const auto& [what, ops] : objects()) {
    SCOPED_TRACE(what);
    const TensorMap map = read(dict({{"x", ops}, {"w", TensorOps().ops()}}));
    EXPECT_EQ(map.names(), std::vector<std::string>{"w"});
  }
  EXPECT_FALSE(std::filesystem::exists("ran"));
}

TEST_F(PthObjects, MakeATensorOpaqueThatIsMadeOfThem) {
  const auto names = [&](const TensorOps& tensor) {
    return read(dict({{"x", tensor.ops()}, {"w", TensorOps().ops()}})).names();
  };
  const std::vector<std::string> w = {"w"};
  EXPECT_EQ(names({.type = global("torch", "ComplexFloatStorage")}), w);
  EXPECT_EQ(names({.type = global("torch.storage", "UntypedStorage")}), w);
  const std::string parameter = global("torch._utils", "_rebuild_parameter") + tuple({kCall, "\x88", "}"}) + "R";
  EXPECT_EQ(read(dict({{"x", parameter}, {"w", TensorOps().ops()}})).names(), w);
  const std::string other = global("torch._utils", "_rebuild_qtensor") + tuple({"N"}) + "R";
  EXPECT_EQ(read(dict({{"x", other}, {"w", TensorOps().ops()}})).names(), w);
}

TEST_F(PthObjects, AreToldWithTheirNamesAndTypes) {
  const std::string file = "\x80\x02" +
                           dict({{"args", global("argparse", "Namespace") + ")\x81"},
                                 {"net", dict({{"w", TensorOps().ops()}, {"a", kCall}})},
                                 {"list", "](" + kCall + "e"}}) +
                           ".";
  const Pickle pickle = read_pickle(std::as_bytes(std::span(file)));
  const FileContents contents = contents_of(pickle).names;
  EXPECT_EQ(contents.tensors, std::vector<std::string>{"net.w"});
  ASSERT_EQ(contents.objects.size(), 3u);
  EXPECT_EQ(contents.objects[0].name + " " + contents.objects[0].type, "args argparse.Namespace");
  EXPECT_EQ(contents.objects[1].name + " " + contents.objects[1].type, "net.a os.system");
  EXPECT_EQ(contents.objects[2].name, "list.0");
  EXPECT_EQ(contents.summary, "a dict of args (an object of argparse.Namespace), net, list");
}

TEST_F(PthObjects, AreNamedWhereTheyAreAll) {
  EXPECT_TRUE(contains(message(global("a.b", "Sam") + ")\x81}b"), "a whole object of the Python class a.b.Sam"));
  EXPECT_TRUE(contains(message(dict({{"model", kCall}})), "a dict of model (an object of os.system)"));
  EXPECT_TRUE(contains(message(global("torch.evil\x1b[2J", "x")), "torch.evil\\x1b[2J.x"));
  // A module of a legacy file: its class with its source.
  const std::string module = tuple({text("module"), global("a", "Net"), text("a.py"), text("class Net")}) + "Q";
  EXPECT_TRUE(contains(message(module + ")\x81}b"), "class a.Net"));
}

TEST_F(PthObjects, DoNotHideDamage) {
  EXPECT_TRUE(contains(message(tuple({}) + tuple({}) + "R"), "calls a tuple"));
  EXPECT_TRUE(contains(message("(" + text("a") + "No"), "object of a class"));
  EXPECT_TRUE(contains(message("(o"), "object of a class"));
  EXPECT_TRUE(contains(message("(icollections\nOrderedDict\n"), "object of a class"));
  EXPECT_TRUE(contains(message("](K\x01\x90"), "adds items to a list"));
  EXPECT_TRUE(contains(message("N\x93"), "takes more"));
  EXPECT_TRUE(contains(message("NN\x93"), "None where a string belongs"));
}

TEST_F(PthObjects, TakeLittleInLongListsOfFloats) {
  std::string floats = "](";
  for (int i = 0; i < 1'100'000; ++i) floats += "G" + std::string(8, '\1');  // more than there may be nodes
  EXPECT_EQ(read(dict({{"losses", floats + "e"}, {"w", TensorOps().ops()}})).names(), std::vector<std::string>{"w"});
}

TEST(TakeTensors, TakesThoseThatAreAskedForUnderOtherNames) {
  const auto take = [](const std::string& ending) {
    return [ending](const FileContents& contents) {
      std::vector<TakenTensor> taken;
      for (size_t i = 0; i < contents.tensors.size(); ++i) {
        if (contents.tensors[i].ends_with(ending)) taken.push_back({i, "half"});
      }
      return taken;
    };
  };
  const torch::Tensor half = read_tensors(golden("torch_save.safetensors")).at("f16");
  for (const char* name : {"torch_save.pth", "torch_save_legacy.pth", "torch_save.safetensors"}) {
    SCOPED_TRACE(name);
    const TensorMap map = read_tensors(golden(name), [&](const FileContents& contents) {
      auto taken = take("f16")(contents);
      std::erase_if(taken, [&](const TakenTensor& tensor) { return contents.tensors[tensor.index] == "bf16"; });
      return taken;
    });
    EXPECT_EQ(map.names(), std::vector<std::string>{"half"});
    expect_same(map.at("half"), half, "half");
    const auto twice = [&] { read_tensors(golden(name), take("f16")); };  // bf16 too
    EXPECT_TRUE(contains(error_of(twice), "'half'"));
  }
}

TEST(ForeignFile, IsNamedByWhatItIs) {
  const testing_support::TemporaryFolder folder;
  const auto said = [&](std::string_view content) {
    write_file(folder.path / "model.pth", content);
    return error_of([&] { read_tensors(folder.path / "model.pth"); });
  };
  EXPECT_TRUE(contains(said("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 375042383\n"),
                       "Git LFS pointer to a file of 375042383 bytes"));
  EXPECT_TRUE(contains(said("\n <HTML><body>Sign in"), "web page (HTML)"));
  EXPECT_TRUE(contains(said("\xef\xbb\xbf<!doctype HTML>"), "web page (HTML)"));
  EXPECT_TRUE(contains(said("<?xml version=\"1.0\"?><Error>AccessDenied"), "XML"));
  EXPECT_TRUE(contains(said("{\"error\": \"Repository not found\"}"), "JSON"));
  EXPECT_TRUE(contains(said("\x1f\x8b\x08xxxxxxxx"), "gzip"));
  EXPECT_TRUE(contains(said("\x80\x04}q\x01."), "plain pickle"));
  EXPECT_TRUE(contains(said(std::string(3000, '\0')), "file of zeros"));
  EXPECT_TRUE(contains(said("abc\x1b[2J"), "begins with 'abc\\x1b[2J'"));
  EXPECT_TRUE(contains(said(""), "empty"));
}

}  // namespace hqsam
